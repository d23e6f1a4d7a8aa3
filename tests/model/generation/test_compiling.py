"""Machine code is kept for as long as it is used."""

from __future__ import annotations

import os
import time
from pathlib import Path

from model.compiling import UNUSED_S, put_away_unused


def folder(kept: Path, name: str, used_s_ago: float) -> Path:
    """A folder with a file, last used so long ago."""
    made = kept / name
    made.mkdir()
    (made / "run.nbc").write_bytes(b"code")
    used = time.time() - used_s_ago
    os.utime(made, (used, used))
    return made


def test_what_was_not_used_for_a_month_is_put_away_and_nothing_else(tmp_path: Path):
    # Given code used of late and long ago, and what is not ours
    fresh = folder(tmp_path, "0123456789abcdef", UNUSED_S / 2)
    stale = folder(tmp_path, "fedcba9876543210", UNUSED_S * 2)
    foreign = folder(tmp_path, "photographs", UNUSED_S * 2)
    note = tmp_path / "aaaaaaaaaaaaaaaa"
    note.write_text("a file")
    os.utime(note, (0, 0))
    # When a start looks
    put_away_unused(tmp_path)
    # Then the old code is gone
    assert not stale.exists()
    assert (fresh / "run.nbc").exists()
    assert (foreign / "run.nbc").exists()
    assert note.exists()
