"""Lists in pages: data sets, the pieces of one, models. Their buttons work after a restart."""

from __future__ import annotations

import pytest

from jobs.contract import DataSetPage, DataSets, DataSetSummary, Models, ModelVersion, ModelVersions, ShowDataSet
from tests.bot.harness import VERSION, Harness, buttons, shown, told

MANY = 40


def summary(name: str) -> DataSetSummary:
    return DataSetSummary(name=name, licence="CC0 1.0", pieces=1, notes=1, minutes=1, size=1)


SETS = DataSets(sets=tuple(summary(f"set-{number:02}") for number in range(MANY)))
MODELS = Models(
    models=tuple(ModelVersions(name=f"m{n:02}", versions=(ModelVersion(version=VERSION, size=1),)) for n in range(MANY))
)


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize(
    ("command", "answer", "last"), [("dataset list", SETS, "set-39"), ("model list", MODELS, "m39")]
)
async def test_a_long_list_is_turned_by_buttons(harness: Harness, command, answer, last, is_restarted) -> None:
    # Given a list of more than one page
    result = await harness.ada.slash(harness.channel, command)
    await harness.answered(answer)
    assert list(buttons(result.response.message)) == ["Next ▶"]
    assert last not in shown(result.response.message)
    if is_restarted:
        await harness.restart()
    # When it is turned
    await harness.ada.click(result.response.message, label="Next ▶")
    # Then the rest is there, and the way back
    assert last in shown(result.response.message)
    assert "Page 2 of 2" in shown(result.response.message)
    assert list(buttons(result.response.message)) == ["◀ Previous"]
    assert harness.worker.queued("library") == []


async def test_a_list_that_is_no_longer_kept_says_what_to_do(harness: Harness, valkey) -> None:
    result = await harness.ada.slash(harness.channel, "dataset list")
    await harness.answered(SETS)
    valkey.client.flushall()
    harness.worker.arrive()
    refusal = await harness.ada.click(result.response.message, label="Next ▶")
    assert "This list is out of date. Use the command again." in told(refusal)


async def test_a_page_of_pieces_is_asked_of_the_worker_and_replaces_the_one_before(harness: Harness) -> None:
    result = await harness.ada.slash(harness.channel, "dataset show", name="rags")
    await harness.answered(DataSetPage(summary=summary("rags"), page=1, pages=3))
    await harness.ada.click(result.response.message, label="Next ▶")
    request = await harness.answered(DataSetPage(summary=summary("rags"), page=2, pages=3))
    assert request.action == ShowDataSet(name="rags", page=2)
    assert "Page 2 of 3" in shown(result.response.message)
    assert list(buttons(result.response.message)) == ["◀ Previous", "Next ▶"]


async def test_a_short_list_has_no_buttons(harness: Harness) -> None:
    result = await harness.ada.slash(harness.channel, "dataset list")
    await harness.answered(DataSets(sets=(summary("rags"),)))
    assert buttons(result.response.message) == {}
