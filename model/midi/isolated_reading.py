"""Reads an untrusted MIDI file in a child process with limits on time and memory.

Used by workers for seeds. The child is kept warm, so that a seed of usual size costs some milliseconds more than here.
It is apart from `reading`, which needs no child processes.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np

from model.errors import MidiError
from model.isolated import ChildDied, ChildFailed, ChildTimedOut, IsolatedPool, Limits, Message, Task
from model.midi.limits import MidiLimits, refusal
from model.midi.reading import ReadMidi, read_midi
from model.piece import BEND, CONTROL, KEY_SIGNATURE, METER, NOTE, PEDAL, TEMPO, Instrument, Piece

TIMEOUT_S = 10.0
MEMORY_BYTES = 512 << 20
MOST_ANSWER_BYTES = 64 << 20
AT_ONCE = 2
TABLES = {
    "notes": NOTE,
    "tempos": TEMPO,
    "meters": METER,
    "pedals": PEDAL,
    "key_signatures": KEY_SIGNATURE,
    "controls": CONTROL,
    "bends": BEND,
}


def read_isolated(data: bytes, limits: MidiLimits | None = None, timeout_s: float = TIMEOUT_S) -> ReadMidi:
    """`read_midi` of `data` in a child process.

    Raises MidiError as `read_midi` does, and for a file that takes too long or too much memory to read.
    """
    head = {"limits": asdict(limits or MidiLimits())}
    try:
        return unpacked(*reading_pool().call(head, data, timeout_s=timeout_s, most_bytes=MOST_ANSWER_BYTES))
    except ChildTimedOut as error:
        raise refusal("too_slow", limit_s=timeout_s) from error
    except (ChildDied, ChildFailed) as error:
        raise refusal("too_complex") from error


@cache
def reading_pool() -> IsolatedPool:
    """The children that read seeds for this process."""
    task = Task(
        "model.midi.isolated_reading:read_packed", Limits(MEMORY_BYTES), environment={"OPENBLAS_NUM_THREADS": "1"}
    )
    return IsolatedPool(task, AT_ONCE)


def read_packed(head: dict[str, Any], body: bytes) -> Message:
    """The child's function: the piece in `body` as a message, or the reason for its refusal."""
    try:
        return packed(read_midi(body, MidiLimits(**head["limits"])))
    except MidiError as error:
        return {"refused": error.sentence, "code": error.code}, b""


def packed(read: ReadMidi) -> Message:
    """A piece as JSON and bytes."""
    piece = read.piece
    head = {
        "instruments": [asdict(instrument) for instrument in piece.instruments],
        "ticks_per_quarter": piece.ticks_per_quarter,
        "title": piece.title,
        "repairs": read.repairs,
        "comment": read.comment,
        "rows": {name: len(getattr(piece, name)) for name in TABLES},
    }
    return head, b"".join(getattr(piece, name).tobytes() for name in TABLES)


def unpacked(head: dict[str, Any], body: bytes) -> ReadMidi:
    """The piece in a message; raises MidiError if the message is a refusal."""
    if "refused" in head:
        raise MidiError(head["refused"], head["code"])
    tables, start = {}, 0
    for name, dtype in TABLES.items():
        count = int(head["rows"][name])
        tables[name] = np.frombuffer(body, dtype, count, start).copy()
        start += count * dtype.itemsize
    piece = Piece(
        **tables,
        instruments=tuple(Instrument(**instrument) for instrument in head["instruments"]),
        ticks_per_quarter=int(head["ticks_per_quarter"]),
        title=str(head["title"]),
    )
    return ReadMidi(piece, tuple(head["repairs"]), str(head["comment"]))
