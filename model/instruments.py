"""Instruments as people call them: the General MIDI family a network is told, and the programs that sound like them."""

from __future__ import annotations

from collections.abc import Iterable

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


def families(asked: Iterable[str]) -> tuple[str, ...]:
    """The family of each instrument asked for, each once; what is no instrument stays, for the model to refuse."""
    return tuple(dict.fromkeys(family_of(name) for name in asked))


def family_of(name: str) -> str:
    """The family that `name` belongs to, or `name` where that is no instrument."""
    word = canonical(name)
    return FAMILIES[NAMED[word][0] // PER_FAMILY] if word in NAMED else word


def canonical(name: str) -> str:
    """`name` as it is written here: 'Drum kit' is 'drums'; what is no instrument stays as it is."""
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
    """What to call a program, on a track or in a sentence: 'flute'; 'drums' for 128."""
    if program == DRUMS_PROGRAM:
        return DRUMS
    for name, programs in NAMED.items():
        if program in programs:
            return name
    return FAMILIES[program // PER_FAMILY]
