"""Whether a finished piece is what was asked for: every control that was asked, measured on its notes.

The measures are those of the evaluation (`model.evaluation.obedience`), with room for what they cannot tell. What was
not honoured comes back with the reason, as a sentence for the member.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.controls import ATTRIBUTES, DENSITIES, Controls
from model.errors import listing
from model.generation.options import ComposeOptions
from model.instruments import DRUMS_PROGRAM, name_of, programs_of
from model.keys import KEYS, key_correlations
from model.piece import Piece
from model.representation import Representation
from model.representation.measuring import NOTES_PER_SECOND

LEAST_SHARE = 0.05  # of the notes: an instrument that plays less does not take part
TEMPO_TOLERANCE = 0.08
DENSITY_ROOM = 1.3  # factor on both sides of the notes a second of a density
KEY_ROOM = 0.1  # of the correlation: keys this near cannot be told apart by their notes
LENGTH_TOLERANCE, LENGTH_ROOM_S = 0.1, 1.5
DENSITY_NAMES = ("sparse", "light", "medium", "busy", "dense")
IGNORED = {
    "style": "Style ignored: this model has only one.",
    "key": "Key ignored: this model can't be told a key.",
    "tempo": "Tempo ignored: this model plays in free time.",
    "meter": "Meter ignored: this model plays in free time.",
    "density": "Density ignored: this model can't be told how dense to play.",
}
IGNORED_IN_BEATS = {
    "tempo": "Tempo ignored: this model can't be told a tempo.",
    "meter": "Meter ignored: this model can't be told a meter.",
}


@dataclass(frozen=True)
class Missed:
    """Something that was asked for and not honoured.

    Attributes:
        control: name of a field of `Controls`, or 'length'.
        asked: what was asked for it, in words.
        reason: a sentence.
    """

    control: str
    asked: str
    reason: str


@dataclass(frozen=True)
class Fulfilment:
    """What was honoured, and what was not."""

    controls: Controls
    missed: tuple[Missed, ...] = ()


def fulfilment_of(
    options: ComposeOptions,
    composed: Piece,
    representation: Representation,
    not_learnt: tuple[str, ...] = (),
    new_s: float | None = None,
) -> Fulfilment:
    """Which of the asked controls `composed` has.

    Args:
        options: what was asked for.
        composed: the new music alone, on its tempo and meter map.
        representation: of the network that composed it: it says which controls can be followed.
        not_learnt: instruments that were asked for and that the network cannot play.
        new_s: seconds of new music; None where its length was not up to the composer, as after a stop.
    """
    asked = options.controls
    missed: list[Missed] = []
    honoured: dict[str, object] = {}
    for name in asked.asked:
        field = ATTRIBUTES[name]
        if name == "instruments":
            playing, silent = _instruments(asked.instruments, composed, not_learnt)
            honoured[field] = playing
            missed += silent
            continue
        reason = _unknown(name, representation) or _reason(name, asked, composed)
        if reason is None:
            honoured[field] = getattr(asked, field)
        else:
            missed.append(Missed(field, _words(name, asked), reason))
    short = _length(options, new_s)
    return Fulfilment(Controls.model_validate(honoured), (*missed, *short))


def _unknown(name: str, representation: Representation) -> str | None:
    """Why a model of `representation` cannot follow a control; None where it can."""
    in_beats = representation.units_per_second is None
    if name in representation.controls.slices or (in_beats and name in ("tempo", "meter")):
        return None
    return IGNORED_IN_BEATS.get(name, IGNORED[name]) if in_beats else IGNORED[name]


def _words(name: str, asked: Controls) -> str:
    if name == "tempo":
        return f"{asked.tempo_bpm:g} bpm"
    return DENSITY_NAMES[(asked.density or 1) - 1] if name == "density" else str(getattr(asked, ATTRIBUTES[name]))


def _reason(name: str, asked: Controls, composed: Piece) -> str | None:
    """Why `composed` does not have what was asked, as a sentence; None where it has, or nothing can be measured."""
    if not len(composed):
        return None
    if name == "key" and asked.key is not None:
        return _other_key(asked.key, composed)
    if name == "tempo" and asked.tempo_bpm is not None:
        found = _tempo_bpm(composed)
        is_near = abs(found / asked.tempo_bpm - 1) <= TEMPO_TOLERANCE
        return None if is_near else f"Asked for {asked.tempo_bpm:g} bpm: the piece goes at {found:.0f} bpm."
    if name == "meter":
        last = composed.meters[np.searchsorted(composed.meters["tick"], composed.notes["onset"].max(), "right") - 1]
        meter = f"{last['numerator']}/{last['denominator']}"  # a continuation changes it at its first bar line
        return None if meter == asked.meter else f"Asked for {asked.meter}: the piece is in {meter}."
    if name == "density" and asked.density is not None:
        return _other_density(asked.density, composed)
    return None


def _other_key(asked: str, composed: Piece) -> str | None:
    pitched = np.array([not one.is_drum for one in composed.instruments])[composed.notes["instrument"]]
    notes = composed.notes[pitched]
    profile = np.bincount(notes["pitch"] % 12, weights=notes["duration"].astype(float), minlength=12)
    if not profile.any():
        return None
    fits = key_correlations(profile)
    found = int(fits.argmax())
    if fits[KEYS.index(asked)] >= fits[found] - KEY_ROOM:
        return None
    return f"Asked for {asked}: it came out nearer to {KEYS[found]}."


def _tempo_bpm(piece: Piece) -> float:
    """Quarters a minute from the first onset to the last one's end, by the tempo map."""
    first, last = int(piece.notes["onset"].min()), int((piece.notes["onset"] + piece.notes["duration"]).max())
    seconds = float(piece.seconds_at(last) - piece.seconds_at(first))
    return (last - first) / piece.ticks_per_quarter / max(seconds, 1e-9) * 60


def _other_density(asked: int, composed: Piece) -> str | None:
    onsets = composed.onsets_s
    span = float(onsets.max() - onsets.min())
    if len(onsets) < 2 or span <= 0:
        return None
    rate = (len(onsets) - 1) / span
    edges = (0.0, *NOTES_PER_SECOND, np.inf)
    if edges[asked - 1] / DENSITY_ROOM <= rate <= edges[asked] * DENSITY_ROOM:
        return None
    found = min(int(np.searchsorted(NOTES_PER_SECOND, rate)), DENSITIES - 1)
    return f"Asked for {DENSITY_NAMES[asked - 1]} music: it came out {DENSITY_NAMES[found]}."


def _instruments(
    asked: tuple[str, ...], composed: Piece, not_learnt: tuple[str, ...]
) -> tuple[tuple[str, ...], list[Missed]]:
    """Those of `asked` that take part, and the others."""
    counts = played_by(composed)
    whole = max(sum(counts.values()), 1)
    silent = [
        name
        for name in asked
        if name in not_learnt or sum(counts.get(one, 0) for one in programs_of(name)) < LEAST_SHARE * whole
    ]
    playing = tuple(name for name in asked if name not in silent)
    others = [name_of(one) for one, count in counts.items() if count >= LEAST_SHARE * whole]
    heard = list(dict.fromkeys(playing or others))
    alone = f"{heard[0]} alone" if len(heard) == 1 else listing(heard)
    played = f"; played {alone}" if heard else ""
    missed = []
    for name in silent:
        why = f"this model hasn't learnt {name}" if name in not_learnt else "it hardly plays here"
        missed.append(Missed("instruments", name, f"Asked for {name}: {why}{played}."))
    return playing, missed


def played_by(piece: Piece) -> dict[int, int]:
    """How many notes each program of `piece` plays, 128 for the drums; those with none are left out."""
    counts = np.bincount(piece.notes["instrument"], minlength=len(piece.instruments))
    found: dict[int, int] = {}
    for one, count in zip(piece.instruments, counts.tolist(), strict=False):
        program = DRUMS_PROGRAM if one.is_drum else one.program
        if count:
            found[program] = found.get(program, 0) + count
    return found


def _length(options: ComposeOptions, new_s: float | None) -> tuple[Missed, ...]:
    """Whether the music lasts as long as asked; without an opinion where that was not up to the composer."""
    if options.length_s is None or new_s is None:
        return ()
    off = abs(new_s - options.length_s)
    if off <= max(LENGTH_TOLERANCE * options.length_s, LENGTH_ROOM_S):
        return ()
    words = f"{options.length_s:g} s"
    because = "your seed is that long" if options.mode != "continue" else "it came to its end there"
    return (Missed("length", words, f"Asked for {words}: the music lasts {new_s:.0f} s; {because}."),)


def parts_left_behind(seed: Piece, composed: Piece, not_learnt: tuple[int, ...]) -> tuple[str, ...]:
    """A sentence for the instruments of `seed` that play nothing of what follows it."""
    before, after = played_by(seed), played_by(composed)
    names = [name_of(one) for one in before if one not in after]
    unlearnt = [name_of(one) for one in before if one not in after and one in not_learnt]
    names = list(dict.fromkeys(names))
    if not names or not after:
        return ()
    going = listing(list(dict.fromkeys(name_of(one) for one in after)))
    verb = "doesn't" if len(names) == 1 and names[0] != "drums" else "don't"
    why = f"this model hasn't learnt {listing(list(dict.fromkeys(unlearnt)))}" if unlearnt else f"only {going} here"
    return (f"Your seed's {listing(names)} {verb} go on after the join: {why}.",)
