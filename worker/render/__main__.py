"""`python -m worker.render PIECE.mid PIECE.mp3`: one MIDI file as audio, without a worker.

`python -m model classic` runs it for the MP3 of a new piece.
"""

from __future__ import annotations

import sys
from pathlib import Path

from model.errors import MidiError
from model.midi import MidiLimits, read_midi
from worker.render.media import AudioRenderer
from worker.render.renderer import RenderError, RenderOptions, RenderSettings

USAGE = "usage: python -m worker.render PIECE.mid PIECE.mp3"


def main(arguments: list[str]) -> int:
    """Render; 0 when the file is there, 1 with a sentence on standard error when it is not, 2 for bad usage."""
    if len(arguments) != 2:
        print(USAGE, file=sys.stderr)
        return 2
    midi, output = map(Path, arguments)
    try:
        piece = read_midi(midi.read_bytes(), MidiLimits.for_data()).piece
        made = AudioRenderer(RenderSettings()).render(piece, RenderOptions(title=midi.stem))
        output.write_bytes(made.data)
    except (OSError, MidiError, RenderError) as error:
        print(f"{output.name} could not be made: {getattr(error, 'reason', error)}.", file=sys.stderr)
        return 1
    print("\n".join([str(output), *made.remarks]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
