"""What a reading process does: one stranger's MIDI file in, facts and the music written anew out, over two pipes.

Started by `readers` as `python -m model.datasets.reading`. It can open no file to write and has a bound on its memory.
What goes back is the music as `write_midi` has it: the bytes that were sent go no further than this process.
"""

from __future__ import annotations

import json
import os
import struct
from collections import Counter
from pathlib import Path
from typing import IO, Any

MOST_BYTES = 1 << 30  # of a message
IDLE_S = 300.0  # without a file; then it ends by itself
LENGTHS = struct.Struct(">II")  # of the JSON and of the bytes that follow it
FEWEST_NOTES = 16  # a piece shorter than this teaches nothing: training leaves it out


def facts_of(data: bytes, limits: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """What is known of the piece in `data`, as JSON, and its MIDI written anew; or why it is refused, and no bytes."""
    from model.corpora.near_duplicates import sketch
    from model.errors import MidiError
    from model.midi import MidiLimits, read_midi, write_midi

    try:
        read = read_midi(data, MidiLimits(**limits))
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


def _families(piece: Any) -> dict[str, int]:
    from model.controls import DRUMS, FAMILIES

    families = [DRUMS if one.is_drum else one.program // 8 for one in piece.instruments]
    counts = Counter(families[number] for number in piece.notes["instrument"].tolist())
    return {FAMILIES[family]: count for family, count in counts.most_common()}


def _key(piece: Any) -> str:
    import numpy as np

    from model.controls import KEYS, keys_of
    from model.pictures.roll_layout import drum_mask

    notes = piece.notes[~drum_mask(piece)]
    index = int(keys_of(np.bincount(notes["pitch"] % 12, weights=notes["duration"], minlength=12)))
    return KEYS[index] if index >= 0 else ""


def _bound_memory(most_bytes: int) -> None:
    """Let this process have `most_bytes` more than it has now, and write no file."""
    try:
        import resource
    except ImportError:  # Windows: the time limit alone holds there
        return
    statm = Path("/proc/self/statm")  # pages; what this process has by now, on Linux
    has = int(statm.read_text().split()[0]) * resource.getpagesize() if statm.exists() else None
    for kind, most in (
        (resource.RLIMIT_AS, None if has is None else has + most_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        if most is not None:
            resource.setrlimit(kind, (most, most))


def _exactly(pipe: IO[bytes], count: int) -> bytes | None:
    data = pipe.read(count)
    return data if len(data) == count else None


def send(pipe: IO[bytes], said: dict[str, Any], data: bytes) -> None:
    """Write one message: some JSON, and bytes."""
    text = json.dumps(said).encode()
    pipe.write(LENGTHS.pack(len(text), len(data)) + text + data)
    pipe.flush()


def receive(pipe: IO[bytes], most_bytes: int) -> tuple[Any, bytes] | None:
    """One message, or None where the other side is gone.

    Raises:
        ValueError: it is none, or larger than `most_bytes`.
    """
    if (head := _exactly(pipe, LENGTHS.size)) is None:
        return None
    text_bytes, data_bytes = LENGTHS.unpack(head)
    if text_bytes + data_bytes > most_bytes:
        raise ValueError("a message is too large")
    text, data = _exactly(pipe, text_bytes), _exactly(pipe, data_bytes)
    return None if text is None or data is None else (json.loads(text), data)


def serve() -> None:
    """Read files until the other side is gone, or none came for `IDLE_S`."""
    import select

    import model.controls
    import model.corpora.near_duplicates
    import model.midi
    import model.pictures.roll_layout  # noqa: F401 -- all it needs, before its memory is bounded

    pipe_in = os.fdopen(os.dup(0), "rb")
    pipe_out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    send(pipe_out, {"ready": True}, b"")
    is_bounded = False
    while select.select([pipe_in], [], [], IDLE_S)[0]:
        if (message := receive(pipe_in, MOST_BYTES)) is None:
            return
        said, data = message
        if not is_bounded:
            _bound_memory(int(said["memory_bytes"]))
            is_bounded = True
        try:
            answer = facts_of(data, said["limits"])
        except MemoryError:
            answer = {"refused": "Reading it takes too much memory; send a shorter piece.", "code": "memory"}, b""
        except Exception as error:  # noqa: BLE001 -- whatever a parser raises costs its file alone
            sentence = f"It cannot be read ({type(error).__name__}); export it again and send the new file."
            answer = {"refused": sentence, "code": "unreadable"}, b""
        send(pipe_out, *answer)


if __name__ == "__main__":
    serve()
