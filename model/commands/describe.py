"""`python -m model describe`: what a MIDI file holds, as it is read for a seed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from model.commands import Outcome
from model.errors import MidiError, RequestError

HELP = "say what a MIDI file holds: notes, tempo, meters, key, instruments"
EXAMPLES = """examples:
  python -m model describe mine.mid
  python -m model describe mine.mid --json"""
REFUSED_STATUS = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `describe`."""
    parser.add_argument("file", type=Path, help="a MIDI file")


def run(arguments: argparse.Namespace) -> Outcome:
    """Read the file; a refusal is an outcome with exit status 2."""
    try:
        data = arguments.file.read_bytes()
    except OSError as error:
        raise RequestError(f"{arguments.file} cannot be read: {error.strerror}.") from error
    from model.midi import read_midi

    try:
        figures = described(read_midi(data))
    except MidiError as error:
        return Outcome({"refused": error.sentence}, error.sentence, status=REFUSED_STATUS)
    return Outcome(figures, _text(figures))


def described(read: Any) -> dict[str, Any]:
    """What a piece holds, as plain JSON; tempo and meters with their place in quarter notes from the start."""
    import numpy as np

    from model.midi.general_midi import instrument_name

    piece = read.piece
    quarter = piece.ticks_per_quarter
    counts = np.bincount(piece.notes["instrument"], minlength=len(piece.instruments)).tolist()
    return {
        "notes": len(piece),
        "seconds": round(piece.end_s, 3),
        "tempo": [
            [round(tick / quarter, 4), round(60e6 / quarter_us, 3)] for tick, quarter_us in piece.tempos.tolist()
        ],
        "meters": [
            [round(tick / quarter, 4), f"{numerator}/{denominator}"]
            for tick, numerator, denominator in piece.meters.tolist()
        ],
        "key": key_name(piece),
        "instruments": [
            {
                "name": instrument.name or instrument_name(instrument),
                "program": instrument.program,
                "is_drum": instrument.is_drum,
                "notes": count,
            }
            for instrument, count in zip(piece.instruments, counts, strict=True)
        ],
        "title": piece.title,
        "remarks": list(read.repairs),
    }


def key_name(piece: Any) -> str:
    """The name of the first key signature; without one, of the key that the notes fit best; '' where none fits."""
    from model.midi.general_midi import signature_name
    from model.pictures.sheet import key_of

    if len(piece.key_signatures):
        return signature_name(int(piece.key_signatures["sharps"][0]), bool(piece.key_signatures["is_minor"][0]))
    import numpy as np

    is_pitched = ~np.array([instrument.is_drum for instrument in piece.instruments])[piece.notes["instrument"]]
    return signature_name(*key_of(piece.notes[is_pitched])) if is_pitched.any() else ""


def _text(figures: dict[str, Any]) -> str:
    lines = [f"{figures['title']}: " if figures["title"] else ""]
    lines[0] += f"{figures['notes']:,} notes, {figures['seconds']:.1f} s, {figures['key'] or 'no key'}."
    lines += [f"  {one['name']}: {one['notes']:,} notes" for one in figures["instruments"]]
    tempos = ", ".join(f"{bpm:g} from quarter {at:g}" for at, bpm in figures["tempo"][:5])
    meters = ", ".join(f"{meter} from quarter {at:g}" for at, meter in figures["meters"][:5])
    lines += [f"Tempo: {tempos}{' …' if len(figures['tempo']) > 5 else ''}", f"Meter: {meters}", *figures["remarks"]]
    return "\n".join(lines)
