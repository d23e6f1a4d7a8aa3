"""Reads members' MIDI files in child processes, each with limits on time and memory; a bad file affects only itself.

The child returns the music as `write_midi` writes it, so the uploaded bytes go no further.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from typing import Any, TypeVar

import numpy as np

from model.analysis.near_duplicates import SKETCH, Sketch, sketch
from model.controls import DRUMS, FAMILIES
from model.errors import MidiError
from model.isolated import ChildDied, ChildFailed, ChildTimedOut, IsolatedPool, Limits, Task
from model.keys import KEYS, keys_of
from model.midi import MidiLimits, read_midi, write_midi
from model.piece import Piece
from model.uploads.info import DataSetLimits, Facts

FILES_OF_ONE = 1_000  # that a child reads before a new one takes its place
WORTH_A_PROCESS = 8  # files; fewer are read by one child
MOST_AT_ONCE = max(2, os.cpu_count() or 1)  # in this process, whatever the number of batches
ANSWER_ROOM = 1 << 20  # bytes of an answer beside the music itself, which may grow when it is written again
GROWTH = 4
FEWEST_NOTES = 16  # a piece shorter than this teaches nothing: training leaves it out

Item = TypeVar("Item")


@dataclass(frozen=True)
class ReadPiece:
    """A file that was read: its facts, the sketch for finding near-duplicates, and its music as new MIDI bytes."""

    facts: Facts
    sketch: Sketch
    data: bytes


@dataclass(frozen=True)
class Unread:
    """A file that was not read: the reason as a sentence, and its code."""

    sentence: str
    code: str


def read_all(
    items: Iterable[tuple[Item, bytes]], limits: DataSetLimits, processes: int | None = None
) -> Iterator[tuple[Item, ReadPiece | Unread]]:
    """Every file's outcome, in their order; only the files that are being read or waiting are held in memory.

    Args:
        items: an identifier of each file, and its bytes.
        limits: of a file, and of the time and memory for reading it.
        processes: how many at once (default: one per processor, or one for a few files).
    """
    waiting = iter(items)
    first = list(islice(waiting, WORTH_A_PROCESS))
    count = processes or (MOST_AT_ONCE if len(first) == WORTH_A_PROCESS else 1)
    with ThreadPoolExecutor(count, thread_name_prefix="reads-midi") as threads:
        queue: list[tuple[Item, Future[ReadPiece | Unread]]] = []
        try:
            for item, data in chain(first, waiting):
                queue.append((item, threads.submit(read_one, data, limits)))
                if len(queue) > 2 * count:
                    item, future = queue.pop(0)
                    yield item, future.result()
            while queue:
                item, future = queue.pop(0)
                yield item, future.result()
        finally:
            for _, future in queue:
                future.cancel()


def read_one(data: bytes, limits: DataSetLimits) -> ReadPiece | Unread:
    """One file, read by an idle child or a new one."""
    head = {"limits": _midi_limits(limits)}
    most_bytes = ANSWER_ROOM + GROWTH * limits.file_bytes
    try:
        said, written = reading_pool(limits.memory_bytes).call(
            head, data, timeout_s=limits.seconds, most_bytes=most_bytes
        )
        return _outcome(said, written)
    except ChildTimedOut:
        return Unread(f"Reading it takes longer than {limits.seconds:g} s; send a shorter piece.", "slow")
    except ChildFailed as error:
        if error.kind == "MemoryError":
            return Unread("Reading it takes too much memory; send a shorter piece.", "memory")
        return Unread(f"It cannot be read ({error.kind}); export it again and send the new file.", "unreadable")
    except (ChildDied, ValueError, KeyError):  # ValidationError is a ValueError
        return Unread("Reading it ended the process that read it; export the file again and send that one.", "died")


@cache
def reading_pool(memory_bytes: int) -> IsolatedPool:
    """The children of this process that read files with `memory_bytes` each."""
    task = Task("model.uploads.reading:facts_of", Limits(memory_bytes), environment={"OPENBLAS_NUM_THREADS": "1"})
    return IsolatedPool(task, MOST_AT_ONCE, FILES_OF_ONE)


def _outcome(said: dict, written: bytes) -> ReadPiece | Unread:
    """A child's checked answer; raises ValueError or KeyError if it is invalid."""
    if "refused" in said:
        return Unread(str(said["refused"])[:300], str(said.get("code", ""))[:40])
    known = np.frombuffer(bytes.fromhex(said["sketch"]), dtype=np.uint64)
    if len(known) > SKETCH or (np.diff(known) <= 0).any() or not written:
        raise ValueError("the answer makes no sense")
    return ReadPiece(Facts.model_validate(said["facts"]), known, written)


def _midi_limits(limits: DataSetLimits) -> dict[str, int | float | bool]:
    """The `MidiLimits` of a data set's files."""
    return {
        "size_bytes": limits.file_bytes,
        "notes": limits.notes,
        "duration_s": limits.minutes * 60,
        "tracks": limits.tracks,
    }


def facts_of(head: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """The child's function: facts of the piece in `data` as JSON, and new MIDI bytes; or the reason for its refusal."""
    try:
        read = read_midi(data, MidiLimits(**head["limits"]))
        piece = read.piece
        written = write_midi(piece)
    except MidiError as error:
        return {"refused": error.sentence, "code": error.code}, b""
    if len(piece) < FEWEST_NOTES:
        sentence = f"It has fewer than {FEWEST_NOTES} notes, too few to learn from; send a longer piece."
        return {"refused": sentence, "code": "too_few_notes"}, b""
    facts = {
        "notes": len(piece),
        "seconds": round(piece.end_s, 2),
        "instruments": _families(piece),
        "key": _key(piece),
        "title": piece.title[:200],
        "repairs": list(read.repairs),
    }
    return {"facts": facts, "sketch": sketch(piece).tobytes().hex()}, written


def _families(piece: Piece) -> dict[str, int]:
    families = [DRUMS if one.is_drum else one.program // 8 for one in piece.instruments]
    counts = Counter(families[number] for number in piece.notes["instrument"].tolist())
    return {FAMILIES[family]: count for family, count in counts.most_common()}


def _key(piece: Piece) -> str:
    notes = piece.notes[~piece.is_drum_note]
    index = int(keys_of(np.bincount(notes["pitch"] % 12, weights=notes["duration"], minlength=12)))
    return KEYS[index] if index >= 0 else ""
