"""The pitches that each General MIDI instrument can play, and how many of its notes may sound at once.

Used while notes are drawn and when a finished piece is tidied. Ranges are those of the usual instrument at sounding
pitch, as orchestration books give them; where one program stands for a section, the range is the section's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PROGRAMS = 128
KEYBOARD = (21, 108)  # A0 to C8
MELODIC = 2  # notes at once of a wind instrument: a program may stand for a pair of players

# first program, last program, lowest and highest MIDI pitch, most notes at once
_TABLE = (
    (0, 7, 21, 108, 20),  # pianos, harpsichord, clavinet
    (8, 8, 60, 108, 4),  # celesta
    (9, 9, 72, 108, 4),  # glockenspiel
    (10, 10, 60, 96, 8),  # music box
    (11, 11, 53, 89, 6),  # vibraphone
    (12, 12, 45, 96, 4),  # marimba
    (13, 13, 53, 108, 4),  # xylophone
    (14, 14, 60, 79, 4),  # tubular bells
    (15, 15, 48, 84, 8),  # dulcimer
    (16, 20, 36, 96, 12),  # organs
    (21, 21, 41, 93, 8),  # accordion
    (22, 22, 48, 96, 3),  # harmonica
    (23, 23, 41, 93, 8),  # bandoneon
    (24, 31, 40, 88, 6),  # guitars
    (32, 39, 28, 67, 2),  # basses
    (40, 40, 55, 105, 4),  # violin
    (41, 41, 48, 91, 4),  # viola
    (42, 42, 36, 81, 4),  # cello
    (43, 43, 28, 67, 2),  # contrabass
    (44, 45, 28, 105, 8),  # tremolo and pizzicato strings: whole sections
    (46, 46, 24, 103, 12),  # harp
    (47, 47, 36, 60, 2),  # timpani
    (48, 51, 28, 103, 8),  # string ensembles
    (52, 54, 36, 84, 8),  # choirs
    (55, 55, 24, 96, 8),  # orchestra hit
    (56, 56, 52, 86, MELODIC),  # trumpet
    (57, 57, 34, 77, MELODIC),  # trombone
    (58, 58, 26, 65, MELODIC),  # tuba
    (59, 59, 52, 86, MELODIC),  # muted trumpet
    (60, 60, 34, 77, 4),  # French horn
    (61, 63, 34, 86, 6),  # brass sections
    (64, 64, 56, 88, MELODIC),  # soprano saxophone
    (65, 65, 49, 81, MELODIC),  # alto saxophone
    (66, 66, 44, 76, MELODIC),  # tenor saxophone
    (67, 67, 36, 69, MELODIC),  # baritone saxophone
    (68, 68, 58, 93, MELODIC),  # oboe
    (69, 69, 52, 81, MELODIC),  # English horn
    (70, 70, 34, 76, MELODIC),  # bassoon
    (71, 71, 50, 94, MELODIC),  # clarinet
    (72, 72, 74, 108, MELODIC),  # piccolo
    (73, 73, 59, 98, MELODIC),  # flute
    (74, 74, 60, 98, MELODIC),  # recorder
    (75, 79, 55, 96, MELODIC),  # pan flute, bottle, shakuhachi, whistle, ocarina
    (80, 87, 36, 96, 4),  # synth leads
    (88, 95, 36, 96, 8),  # synth pads
    (96, 103, 36, 96, 8),  # synth effects
    (104, 108, 41, 88, 4),  # sitar, banjo, shamisen, koto, kalimba
    (109, 109, 55, 81, 3),  # bagpipe
    (110, 110, 55, 105, 3),  # fiddle
    (111, 111, 58, 88, MELODIC),  # shanai
    (112, 127, 21, 108, 4),  # percussive instruments and effects
)


def _column(index: int) -> NDArray[np.int32]:
    values = np.zeros(PROGRAMS, dtype=np.int32)
    for row in _TABLE:
        values[row[0] : row[1] + 1] = row[index]
    return values


LOWEST, HIGHEST, MOST_SOUNDING = _column(2), _column(3), _column(4)  # by program, int32 (128,)
