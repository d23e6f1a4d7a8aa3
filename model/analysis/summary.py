"""The little that a title says of a piece: kind, key, tempo, meter, who plays. The worker puts it on what it composed.

What cannot be told from the notes stays None or empty, and the title says nothing about it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.analysis.key_and_tempo import key_profile, mapped_tempo
from model.instruments import DRUMS_PROGRAM, FAMILIES, PER_FAMILY, name_of, programs_of
from model.keys import KEYS, key_correlations, signature_name
from model.piece import Piece

LEAST_CORRELATION = 0.5  # of a key with the notes; below it a piece has no key that a listener would name
LEAST_MARGIN = 0.05  # of the best key's correlation over the second best
SIGNATURE_ROOM = 0.15  # a stated key that fits this much worse than the best one is believed: relative keys are near
MAIN_METER = 0.6  # share of the piece: with less it has no meter of its own
LEAST_SHARE = 0.05  # of the notes: who plays fewer is not named
MOST_NAMED = 3  # instruments; more are named by their families
LONGEST_LIST = 4
GROUPS = {  # families as people call them, where General MIDI has another word
    "chromatic percussion": "mallets", "ensemble": "strings", "reed": "winds", "pipe": "winds", "synth lead": "synths",
    "synth pad": "synths", "synth effects": "synths", "ethnic": "folk instruments", "percussive": "percussion",
    "sound effects": "effects",
}  # fmt: skip
NOUNS = {  # what a style's last word may be to name a piece by itself
    "air", "ballad", "chorale", "fugue", "gavotte", "hornpipe", "hymn", "jig", "lullaby", "madrigal", "march",
    "mazurka", "minuet", "nocturne", "polka", "prelude", "quartet", "rag", "reel", "sarabande", "slip-jig", "song",
    "tango", "tune", "waltz",
}  # fmt: skip
KINDS = {"continue": "Continuation", "vary": "Variation", "accompany": "Accompaniment"}


@dataclass(frozen=True)
class PieceSummary:
    """What can be told of a piece.

    Attributes:
        key: one of `KEYS`, or as its key signature spells it; None where the notes leave too much doubt.
        tempo_bpm: quarter notes a minute; None in free time.
        meter: of most of the piece, such as '3/4'; None in free time, or where it changes.
        instruments: who plays, most notes first; families where there are many.
    """

    key: str | None = None
    tempo_bpm: float | None = None
    meter: str | None = None
    instruments: tuple[str, ...] = ()


def summary_of(piece: Piece, has_beat: bool, key: str | None = None) -> PieceSummary:
    """What can be told of `piece`, which has notes.

    Args:
        piece: the whole piece.
        has_beat: whether its tempo map and its bars mean something; in free time they do not.
        key: its key where that is known, e.g. because it was asked for and followed.
    """
    tempo = mapped_tempo(piece) if has_beat else None
    return PieceSummary(
        key=key or _key(piece),
        tempo_bpm=None if tempo is None else float(round(tempo)),
        meter=_meter(piece) if has_beat else None,
        instruments=_instruments(piece),
    )


def title_of(summary: PieceSummary, style: str | None = None, mode: str | None = None) -> str:
    """The title of a piece: 'Waltz in G minor · 96 bpm · 3/4 · strings'.

    Args:
        summary: what is known of it.
        style: what it was composed as, if that is known.
        mode: what was made of a seed; None without one.
    """
    kind = _kind(style) or KINDS.get(mode or "", "Piece")
    parts = [f"{kind} in {summary.key}" if summary.key else kind]
    parts += [f"{summary.tempo_bpm:g} bpm"] if summary.tempo_bpm is not None else []
    parts += [summary.meter] if summary.meter else []
    players = [name for name in summary.instruments if name != kind.split()[-1].lower()]  # 'Funk drums' says who plays
    named = players[:LONGEST_LIST]
    more = ["more"] if len(players) > len(named) else []
    if named:
        *first, last = [*named, *more]
        parts.append(f"{', '.join(first)} and {last}" if first else last)
    return " · ".join(parts)


def _kind(style: str | None) -> str:
    """What a piece in `style` is called: 'Fiddle tune', 'Funk drums', 'Pop-style piece'; '' for None."""
    words = (style or "").replace("-", " ").replace("_", " ").split()
    if not words:
        return ""
    if words[0] == "drums":
        words = [*words[1:], "drums"]
    elif words[-1] not in NOUNS:
        words = [f"{' '.join(words)}-style", "piece"]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _key(piece: Piece) -> str | None:
    """The key that the notes are in; a key signature decides between keys that fit nearly as well."""
    profile = key_profile(piece)
    if not profile.any():
        return None
    fits = key_correlations(profile)
    best, second = np.argsort(-fits)[:2].tolist()
    stated = _stated_key(piece)
    if stated is not None and fits[stated[0]] >= max(fits[best] - SIGNATURE_ROOM, LEAST_CORRELATION):
        return stated[1]
    is_clear = fits[best] >= LEAST_CORRELATION and fits[best] - fits[second] >= LEAST_MARGIN
    return KEYS[best] if is_clear else None


def _stated_key(piece: Piece) -> tuple[int, str] | None:
    """The key of the last signature, as an index into `KEYS` and as it is spelled; None without a signature."""
    if not len(piece.key_signatures):
        return None
    row = piece.key_signatures[-1]
    sharps, is_minor = int(row["sharps"]), bool(row["is_minor"])
    tonic = (sharps * 7 + (9 if is_minor else 0)) % 12
    return tonic + 12 * is_minor, signature_name(sharps, is_minor)


def _meter(piece: Piece) -> str | None:
    """The meter of most of the piece; None where none has `MAIN_METER` of it."""
    end = int((piece.notes["onset"] + piece.notes["duration"]).max())
    ticks = np.clip(np.diff(np.append(piece.meters["tick"], max(end, int(piece.meters["tick"][-1])))), 0, None)
    lasting: dict[str, int] = {}
    for row, span in zip(piece.meters, ticks.tolist(), strict=True):
        name = f"{row['numerator']}/{row['denominator']}"
        lasting[name] = lasting.get(name, 0) + span
    name = max(lasting, key=lambda one: lasting[one])
    return name if lasting[name] >= MAIN_METER * max(sum(lasting.values()), 1) else None


def _instruments(piece: Piece) -> tuple[str, ...]:
    counts = np.bincount(piece.notes["instrument"], minlength=len(piece.instruments)).tolist()
    programs: dict[int, int] = {}
    for instrument, count in zip(piece.instruments, counts, strict=True):
        program = DRUMS_PROGRAM if instrument.is_drum else instrument.program
        programs[program] = programs.get(program, 0) + count
    whole = sum(programs.values())
    playing = [one for one in sorted(programs, key=lambda one: -programs[one]) if programs[one] >= LEAST_SHARE * whole]
    if len(playing) > 1 and set(playing) <= set(programs_of("strings")):
        return ("strings",)
    names = tuple(dict.fromkeys(name_of(program) for program in playing))
    return names if len(names) <= MOST_NAMED else tuple(dict.fromkeys(_group(program) for program in playing))


def _group(program: int) -> str:
    family = FAMILIES[program // PER_FAMILY]
    return GROUPS.get(family, family)
