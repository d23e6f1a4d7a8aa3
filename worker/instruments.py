"""Instruments as people call them, and the family of General MIDI that a model knows each by."""

from __future__ import annotations

from collections.abc import Iterable

from model.controls import FAMILIES

MEMBERS = {
    "piano": ("harpsichord", "electric piano", "clavinet"),
    "chromatic percussion": ("celesta", "glockenspiel", "vibraphone", "marimba", "xylophone", "tubular bells"),
    "organ": ("accordion", "harmonica"),
    "guitar": ("electric guitar",),
    "bass": ("bass guitar", "acoustic bass"),
    "strings": ("violin", "viola", "cello", "contrabass", "harp"),
    "ensemble": ("choir", "voice", "string ensemble", "string orchestra"),
    "brass": ("trumpet", "trombone", "tuba", "horn"),
    "reed": ("saxophone", "oboe", "clarinet", "bassoon"),
    "pipe": ("flute", "recorder", "piccolo", "whistle"),
    "ethnic": ("sitar", "banjo", "koto", "bagpipe", "fiddle"),
    "percussive": ("steel drums", "woodblock"),
    "drums": ("drum kit", "percussion"),
}
FAMILY = {name: family for family, names in MEMBERS.items() for name in names}
NAMES = (*FAMILIES, *FAMILY)  # all that can be asked for, the families first


def families(asked: Iterable[str]) -> tuple[str, ...]:
    """The family of each instrument asked for, each once; what is no instrument stays, for the model to refuse."""
    words = (name.strip() for name in asked)
    return tuple(dict.fromkeys(FAMILY.get(word.casefold(), word) for word in words))
