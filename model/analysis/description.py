"""What a listener would say of a piece: key, tempo, meter, instruments, chords. The worker answers `/describe` with it.

Everything is estimated from the notes; what a piece states itself (tempo map, meters, key signature) is told as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.analysis.key_and_tempo import key_profile, tempo_of
from model.analysis.metrics import note_density, pitched, polyphony
from model.instruments import instrument_name
from model.keys import KEYS, key_correlations, key_index, key_of, signature_name, spelled
from model.piece import Piece, bar_starts

Confidence = Literal["clear", "likely", "unsure"]

CLEAR_MARGIN, LIKELY_MARGIN = 0.1, 0.03  # of the best key's correlation over the second best
CLEAR_CORRELATION = 0.7
MOST_CHORDS = 64  # bars whose chords are named
FEWEST_CHORD_BARS = 4
CHORD_POLYPHONY = 1.3  # pitched notes at once, on average: below it is a single line
NAMED_SHARE = 0.6  # of the bars with pitches, for chords to make sense
CHORD_SHARE = 0.75  # of what sounds in a bar belongs to its chord
TONE_SHARE = 0.06  # of what sounds in a bar: a chord's root and third have at least as much
CHORDS = {  # suffix: semitones above the root; earlier ones are preferred
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "dim": (0, 3, 6),
}
LARGER_CHORD_COST = 0.06  # a fourth tone must explain that much more of the bar
SHARP_TONICS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLAT_TONICS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")


@dataclass(frozen=True)
class KeyEstimate:
    """The key that the notes fit best; `other` is the second best where they leave doubt."""

    name: str
    confidence: Confidence
    other: str | None


@dataclass(frozen=True)
class PartDescription:
    """One instrument: its number of notes, its lowest and highest note by name (drums have none)."""

    name: str
    is_drum: bool
    notes: int
    low: str | None = None
    high: str | None = None


@dataclass(frozen=True)
class PieceDescription:
    """What can be said of a piece.

    Attributes:
        key: None where nothing has a pitch.
        signature: the key that the file states; None where it states none.
        tempos_bpm: the slowest and fastest tempo of the tempo map, in quarter notes a minute; None in free time.
        tapped_bpm: what a listener would tap, where the file has no tempo of its own; None where that is not clear.
        meters: each once, in their order; empty in free time.
        bars: how many; None in free time.
        density: notes a second; None for a single moment.
        polyphony: pitched notes sounding at once, on average.
        chords: one for each bar, '' where none fits; empty where chords make no sense.
    """

    notes: int
    seconds: float
    title: str
    key: KeyEstimate | None
    signature: str | None
    tempos_bpm: tuple[float, float] | None
    tapped_bpm: float | None
    meters: tuple[str, ...]
    bars: int | None
    density: float | None
    polyphony: float | None
    parts: tuple[PartDescription, ...]
    chords: tuple[str, ...]


def describe_piece(piece: Piece, has_beat: bool) -> PieceDescription:
    """What can be said of `piece`, which has notes; `has_beat` tells whether its bars and tempo map mean something."""
    has_tempo = has_beat or len(piece.tempos) > 1
    tempo = tempo_of(piece)
    return PieceDescription(
        notes=len(piece),
        seconds=piece.end_s,
        title=piece.title,
        key=_key(piece),
        signature=_signature(piece),
        tempos_bpm=_mapped_range(piece) if has_tempo else None,
        tapped_bpm=None if has_tempo else tempo,
        meters=tuple(dict.fromkeys(f"{row['numerator']}/{row['denominator']}" for row in piece.meters))
        if has_beat
        else (),
        bars=len(bar_starts(piece)) if has_beat else None,
        density=_finite(note_density(piece)),
        polyphony=_finite(polyphony(piece)),
        parts=_parts(piece),
        chords=bar_chords(piece) if has_beat else (),
    )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _key(piece: Piece) -> KeyEstimate | None:
    profile = key_profile(piece)
    if not profile.any():
        return None
    correlations = key_correlations(profile)
    best, second = np.argsort(-correlations)[:2].tolist()
    margin = float(correlations[best] - correlations[second])
    confidence: Confidence = "unsure"
    if margin < LIKELY_MARGIN:
        tonics, stated = _outer_bass(piece), _signature(piece)
        stated_key = None if stated is None else key_index(stated)
        votes = [tonics.count(key % 12) + (key == stated_key) for key in (best, second)]
        if votes[0] != votes[1]:
            best, second = (best, second) if votes[0] > votes[1] else (second, best)
            confidence = "likely"
    if margin >= CLEAR_MARGIN and correlations[best] >= CLEAR_CORRELATION:
        confidence = "clear"
    elif margin >= LIKELY_MARGIN:
        confidence = "likely"
    return KeyEstimate(KEYS[best], confidence, None if confidence == "clear" else KEYS[second])


def _outer_bass(piece: Piece) -> list[int]:
    """The pitch classes of the lowest notes that the piece begins and ends with: most often its tonic."""
    notes = pitched(piece)
    ends = notes["onset"] + notes["duration"]
    first = notes["pitch"][notes["onset"] == notes["onset"].min()].min()
    last = notes["pitch"][ends == ends.max()].min()
    return [int(first) % 12, int(last) % 12]


def _signature(piece: Piece) -> str | None:
    if not len(piece.key_signatures):
        return None
    return signature_name(int(piece.key_signatures["sharps"][0]), bool(piece.key_signatures["is_minor"][0]))


def _mapped_range(piece: Piece) -> tuple[float, float]:
    bpm = 60e6 / piece.tempos["quarter_us"]
    return float(bpm.min()), float(bpm.max())


def _parts(piece: Piece) -> tuple[PartDescription, ...]:
    """The instruments that play, those with the most notes first."""
    in_key = key_of(pitched(piece)) if len(pitched(piece)) else (0, False)
    found = []
    for number, instrument in enumerate(piece.instruments):
        pitches = piece.notes["pitch"][piece.notes["instrument"] == number]
        if not len(pitches):
            continue
        name = instrument_name(instrument)
        if instrument.is_drum:
            found.append(PartDescription(name, True, len(pitches)))
        else:
            low, high = (note_name(int(pitch), *in_key) for pitch in (pitches.min(), pitches.max()))
            found.append(PartDescription(name, False, len(pitches), low, high))
    return tuple(sorted(found, key=lambda part: -part.notes))


def note_name(pitch: int, sharps: int = 0, is_minor: bool = False) -> str:
    """MIDI `pitch` by name and octave as it is written in a key, such as 'F#4' or 'Eb5'; 60 is 'C4'."""
    name = spelled(pitch, sharps, is_minor)
    found = re.fullmatch(r"([A-G]#*)(-*?)(-1|\d+)", name)
    return name if found is None else f"{found[1]}{'b' * len(found[2])}{found[3]}"


def bar_chords(piece: Piece) -> tuple[str, ...]:
    """The chord of each of the first bars; empty for a single line, and where too few bars sound like a chord.

    A bar is compared with major, minor, diminished and seventh chords by how long each pitch class sounds in it.
    """
    starts = bar_starts(piece)
    if len(starts) < FEWEST_CHORD_BARS or not polyphony(piece) >= CHORD_POLYPHONY:
        return ()
    starts = starts[: MOST_CHORDS + 1]
    profiles = _bar_profiles(piece, starts)[:MOST_CHORDS]
    names = [_chord(profile, _tonics(piece)) for profile in profiles]
    sounding = sum(bool(profile.any()) for profile in profiles)
    named = sum(bool(name) for name in names)
    return tuple(names) if sounding and named >= max(2, NAMED_SHARE * sounding) else ()


def _bar_profiles(piece: Piece, starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Ticks that each pitch class sounds in each bar, float64 (bars, 12); the last bar ends with the piece."""
    notes = pitched(piece)
    begin = notes["onset"].astype(np.int64)
    end = begin + notes["duration"]
    edges = np.append(starts, max(int(starts[-1]) + 1, int(end.max(initial=0))))
    profiles = np.zeros((len(starts), 12))
    for bar, (left, right) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        overlap = np.minimum(end, right) - np.maximum(begin, left)
        heard = overlap > 0
        profiles[bar] = np.bincount(notes["pitch"][heard] % 12, weights=overlap[heard], minlength=12)
    return profiles


def _tonics(piece: Piece) -> Sequence[str]:
    notes = pitched(piece)
    return FLAT_TONICS if len(notes) and key_of(notes)[0] < 0 else SHARP_TONICS


def _chord(profile: NDArray[np.float64], tonics: Sequence[str]) -> str:
    """The chord that explains most of a bar; '' where none explains enough of it."""
    total = profile.sum()
    if total <= 0:
        return ""
    shares, best, name = profile / total, 0.0, ""
    for suffix, tones in CHORDS.items():
        for root in range(12):
            parts = shares[[(root + tone) % 12 for tone in tones]]
            covered = float(parts.sum())
            if covered < CHORD_SHARE or parts[0] < TONE_SHARE or parts[1] < TONE_SHARE or parts[3:].min(initial=1) == 0:
                continue
            score = covered - LARGER_CHORD_COST * (len(tones) - 3) + 0.1 * float(parts[0])
            if score > best + 1e-9:
                best, name = score, f"{tonics[root]}{suffix}"
    return name
