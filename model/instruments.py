"""Instruments: General MIDI programs and families, the names people use for them, and what each can play.

Networks are told the family; a name such as 'flute' stands for programs. Ranges are those of the usual instrument at
sounding pitch, as orchestration books give them, or of the section if a program stands for one; they apply while notes
are drawn and when a finished piece is tidied.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from model.piece import Instrument

FAMILIES = (  # of eight programs each, as General MIDI groups them; and the drums
    "piano", "chromatic percussion", "organ", "guitar", "bass", "strings", "ensemble", "brass",
    "reed", "pipe", "synth lead", "synth pad", "synth effects", "ethnic", "percussive", "sound effects", "drums",
)  # fmt: skip
DRUMS_PROGRAM = 128  # of the drums, beside the 128 of General MIDI
PER_FAMILY = 8
DRUMS = "drums"

NAMED = {  # programs of each instrument that has a name of its own, the usual one first
    "harpsichord": (6,), "electric piano": (4, 5), "clavinet": (7,),
    "celesta": (8,), "glockenspiel": (9,), "vibraphone": (11,), "marimba": (12,), "xylophone": (13,),
    "tubular bells": (14,),
    "accordion": (21, 23), "harmonica": (22,),
    "acoustic guitar": (24, 25), "electric guitar": (27, 26, 28, 29, 30),
    "bass guitar": (33, 34, 35, 36, 37), "acoustic bass": (32,),
    "violin": (40,), "viola": (41,), "cello": (42,), "contrabass": (43,), "harp": (46,),
    "choir": (52, 53, 54), "voice": (53, 52, 54), "string ensemble": (48, 49, 50, 51), "string orchestra": (48, 49),
    "trumpet": (56, 59), "trombone": (57,), "tuba": (58,), "horn": (60,),
    "saxophone": (65, 64, 66, 67), "oboe": (68,), "clarinet": (71,), "bassoon": (70,),
    "flute": (73,), "recorder": (74,), "piccolo": (72,), "whistle": (78,),
    "sitar": (104,), "banjo": (105,), "koto": (107,), "bagpipe": (109,), "fiddle": (110, 40),
    "steel drums": (114,), "woodblock": (115,),
}  # fmt: skip
SAME = {"drum kit": DRUMS, "percussion": DRUMS}  # other words for a family
MEANT = {  # a family's programs where it is asked for by its name, the usual one first, if not all eight in order
    "bass": (33, 32, 34, 35), "strings": (48, 40, 42, 41, 49, 44, 45), "brass": (61, 56, 57, 60, 58, 62, 63, 59),
    "reed": (65, 71, 68, 66, 64, 70, 69, 67), "pipe": (73, 74, 72, 75, 78), "percussive": (115, 114, 116, 117),
}  # fmt: skip
NAMES = (*FAMILIES, *NAMED, *SAME)  # all that can be asked for, the families first
PROGRAMS = 128
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
PROGRAM_NAMES = (
    "Acoustic Grand Piano", "Bright Acoustic Piano", "Electric Grand Piano", "Honky-tonk Piano", "Electric Piano 1",
    "Electric Piano 2", "Harpsichord", "Clavinet", "Celesta", "Glockenspiel", "Music Box", "Vibraphone", "Marimba",
    "Xylophone", "Tubular Bells", "Dulcimer", "Drawbar Organ", "Percussive Organ", "Rock Organ", "Church Organ",
    "Reed Organ", "Accordion", "Harmonica", "Tango Accordion", "Acoustic Guitar (nylon)", "Acoustic Guitar (steel)",
    "Electric Guitar (jazz)", "Electric Guitar (clean)", "Electric Guitar (muted)", "Overdriven Guitar",
    "Distortion Guitar", "Guitar Harmonics", "Acoustic Bass", "Electric Bass (finger)", "Electric Bass (pick)",
    "Fretless Bass", "Slap Bass 1", "Slap Bass 2", "Synth Bass 1", "Synth Bass 2", "Violin", "Viola", "Cello",
    "Contrabass", "Tremolo Strings", "Pizzicato Strings", "Orchestral Harp", "Timpani", "String Ensemble 1",
    "String Ensemble 2", "Synth Strings 1", "Synth Strings 2", "Choir Aahs", "Voice Oohs", "Synth Voice",
    "Orchestra Hit", "Trumpet", "Trombone", "Tuba", "Muted Trumpet", "French Horn", "Brass Section", "Synth Brass 1",
    "Synth Brass 2", "Soprano Sax", "Alto Sax", "Tenor Sax", "Baritone Sax", "Oboe", "English Horn", "Bassoon",
    "Clarinet", "Piccolo", "Flute", "Recorder", "Pan Flute", "Blown Bottle", "Shakuhachi", "Whistle", "Ocarina",
    "Lead 1 (square)", "Lead 2 (sawtooth)", "Lead 3 (calliope)", "Lead 4 (chiff)", "Lead 5 (charang)",
    "Lead 6 (voice)", "Lead 7 (fifths)", "Lead 8 (bass + lead)", "Pad 1 (new age)", "Pad 2 (warm)",
    "Pad 3 (polysynth)", "Pad 4 (choir)", "Pad 5 (bowed)", "Pad 6 (metallic)", "Pad 7 (halo)", "Pad 8 (sweep)",
    "FX 1 (rain)", "FX 2 (soundtrack)", "FX 3 (crystal)", "FX 4 (atmosphere)", "FX 5 (brightness)",
    "FX 6 (goblins)", "FX 7 (echoes)", "FX 8 (sci-fi)", "Sitar", "Banjo", "Shamisen", "Koto", "Kalimba", "Bagpipe",
    "Fiddle", "Shanai", "Tinkle Bell", "Agogo", "Steel Drums", "Woodblock", "Taiko Drum", "Melodic Tom",
    "Synth Drum", "Reverse Cymbal", "Guitar Fret Noise", "Breath Noise", "Seashore", "Bird Tweet",
    "Telephone Ring", "Helicopter", "Applause", "Gunshot",
)  # fmt: skip


def families(asked: Iterable[str]) -> tuple[str, ...]:
    """The family of each instrument, each once; unknown names stay, for the model to refuse."""
    return tuple(dict.fromkeys(family_of(name) for name in asked))


def family_of(name: str) -> str:
    """The family that `name` belongs to, or `name` if that is no instrument."""
    word = canonical(name)
    return FAMILIES[NAMED[word][0] // PER_FAMILY] if word in NAMED else word


def canonical(name: str) -> str:
    """The canonical form of `name`: 'Drum kit' is 'drums'; unknown names stay as they are."""
    word = " ".join(name.split()).casefold()
    return SAME.get(word, word) if word in SAME or word in NAMED or word in FAMILIES else name


def programs_of(name: str) -> tuple[int, ...]:
    """The programs that count as the instrument or family `name`, the usual one first; 128 for the drums."""
    word = canonical(name)
    if word == DRUMS:
        return (DRUMS_PROGRAM,)
    if word in NAMED:
        return NAMED[word]
    if word not in FAMILIES:
        return ()
    first = FAMILIES.index(word) * PER_FAMILY
    usual = tuple(program for program in MEANT.get(word, ()) if first <= program < first + PER_FAMILY)
    whole = (*usual, *range(first, first + PER_FAMILY))
    extra = range(48, 52) if word == "strings" else ()  # string ensembles are strings to whoever asks for them
    return tuple(dict.fromkeys((*whole, *extra)))


def name_of(program: int) -> str:
    """The name of a program, for a track or a sentence: 'flute'; 'drums' for 128."""
    if program == DRUMS_PROGRAM:
        return DRUMS
    for name, programs in NAMED.items():
        if program in programs:
            return name
    return FAMILIES[program // PER_FAMILY]


def _column(index: int) -> NDArray[np.int32]:
    values = np.zeros(PROGRAMS, dtype=np.int32)
    for row in _TABLE:
        values[row[0] : row[1] + 1] = row[index]
    return values


LOWEST_PITCH, HIGHEST_PITCH, MOST_SOUNDING = _column(2), _column(3), _column(4)  # by program, int32 (128,)

# Above which a low instrument seldom plays in company, int32 (128,); 127 for the others. Of the basses' notes in 97
# pieces of Freedoom and free game music 88 in 100 lie at or below 43; the other tops are by trial.
USUAL_TOP = np.full(PROGRAMS, 127, dtype=np.int32)
USUAL_TOP[[*range(32, 40), 43, 58]] = 43  # basses, contrabass, tuba
USUAL_TOP[[42, 57, 67, 70]] = 58  # cello, trombone, baritone saxophone, bassoon


def instrument_name(instrument: Instrument) -> str:
    """What General MIDI calls the sound of `instrument`, such as 'Acoustic Grand Piano'; 'Drums' for a drum kit."""
    return "Drums" if instrument.is_drum else PROGRAM_NAMES[instrument.program]
