"""The short form of `make faults`: one fault of each kind; every command that is accepted is answered once."""

from __future__ import annotations

import pytest

from tests.faults.breaking import run
from tests.faults.system import FAULTS


@pytest.mark.timeout(280)
async def test_every_command_that_is_accepted_is_answered_exactly_once(mortal_valkey, tmp_path):
    report = await run(tmp_path, mortal_valkey, seed=1, commands=40, faults=len(FAULTS))
    assert set(report.faults) == set(FAULTS)
    assert report.wrong == (), str(report)
    assert report.left == (), str(report)
    assert report.outcomes["answered"] > report.commands / 2, str(report)
