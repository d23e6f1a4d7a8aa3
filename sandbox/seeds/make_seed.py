"""Makes `prelude_in_c.mid`, the seed of a newcomer's first piece: `python sandbox/seeds/make_seed.py`.

The first three bars of J. S. Bach's Prelude in C, BWV 846 (1722, in the public domain), typed in note by note and
given a pianist's timing, touch and pedal here. It ends on the dominant, so that a continuation has somewhere to go.
"""

from __future__ import annotations

import math
import random
from pathlib import Path

import pretty_midi

TARGET = Path(__file__).with_name("prelude_in_c.mid")
TEMPO_BPM = 76.0
SIXTEENTH_S = 60 / TEMPO_BPM / 4
FIGURE_SIXTEENTHS = 8
# Five keys for each bar, lowest first; every figure of eight sixteenths plays them as 0 1 2 3 4 2 3 4.
BARS = (
    ("C4", "E4", "G4", "C5", "E5"),
    ("C4", "D4", "A4", "D5", "F5"),
    ("B3", "D4", "G4", "D5", "F5"),
)
ORDER = (0, 1, 2, 3, 4, 2, 3, 4)
BAR_VELOCITY = (52, 60, 68)  # the dissonance of the second and third bars asks for more
PLACE_VELOCITY = (10, 0, -6, -2, 6, -8, -3, 2)  # bass and first top note speak, the repeat of the arpeggio echoes
BAR_RUBATO_S = 0.06  # how far the middle of a bar runs ahead of the beat before it is given back
FIGURES = [(bar, half) for bar in range(len(BARS)) for half in range(2)]


def moment(sixteenth: float) -> float:
    """Seconds at a place in the score, with rubato within each bar and a broadening at the very end."""
    in_bar = (sixteenth % 16) / 16
    last_figure = max(0.0, sixteenth - (len(BARS) * 16 - 4))
    return sixteenth * SIXTEENTH_S - BAR_RUBATO_S * math.sin(math.pi * in_bar) + 0.018 * last_figure**1.5


def held_sixteenths(place: int) -> float:
    """How long the finger stays down: the bass and the tenor are held as written, the rest slightly overlap."""
    return {0: 7.8, 1: 6.8}.get(place, 1.15)


def notes() -> list[pretty_midi.Note]:
    """The 48 notes; the unevenness of a hand comes from a fixed random seed, so the file is always the same."""
    hand = random.Random(846)
    played = []
    for bar, half in FIGURES:
        for place, key in enumerate(ORDER):
            at = bar * 16 + half * FIGURE_SIXTEENTHS + place
            start = max(0.0, moment(at) + hand.uniform(-0.006, 0.006))
            end = moment(at + held_sixteenths(place))
            echo = -4 if half else 0
            velocity = BAR_VELOCITY[bar] + PLACE_VELOCITY[place] + echo + hand.randint(-2, 2)
            played.append(pretty_midi.Note(velocity, pretty_midi.note_name_to_number(BARS[bar][key]), start, end))
    return played


def pedal() -> list[pretty_midi.ControlChange]:
    """Sustain changed with each bar's harmony: up with the bass, down again just after it."""
    changes = []
    for bar in range(len(BARS)):
        changes.append(pretty_midi.ControlChange(64, 127, moment(bar * 16) + 0.12))
        changes.append(pretty_midi.ControlChange(64, 0, moment(bar * 16 + 16) + 0.02))
    return changes


def main() -> None:
    """Writes the file beside this script."""
    music = pretty_midi.PrettyMIDI(resolution=480, initial_tempo=TEMPO_BPM)
    music.time_signature_changes.append(pretty_midi.TimeSignature(4, 4, 0))
    piano = pretty_midi.Instrument(program=0, name="Piano")
    piano.notes, piano.control_changes = notes(), pedal()
    music.instruments.append(piano)
    music.write(str(TARGET))


if __name__ == "__main__":
    main()
