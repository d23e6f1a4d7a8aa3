"""Maps requested instruments to the programs that a network draws, and to those that the file names.

A network knows the programs of its training set. For an unknown instrument, such as a trombone, it draws a known
program of the same kind and a similar range, and the file names the requested instrument. If nothing known is similar,
as with drums, the instrument is missing. Loads neither Keras nor TensorFlow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.bundles.priors import DRUMS_PROGRAM, Priors
from model.instruments import FAMILIES, HIGHEST_PITCH, LOWEST_PITCH, NAMES, PER_FAMILY, programs_of
from model.representation.engraving import FIRST_PROGRAM

LATELY, LEAST_PLAYED = 256, 0.03  # notes at the end of a seed that say who plays, and the share of one who does
LEAST_LEARNT = 0.001  # of the training set's music: what plays less of it was not learnt
LEAST_SHARE = 0.15  # of the notes of a piece, for each instrument that was asked for, where there is room
KINDS = (  # families whose instruments can stand for one another: those that hold a note, and those that let it fade
    {"bass", "strings", "ensemble", "brass", "reed", "pipe", "synth lead", "ethnic", "synth pad"},
    {"piano", "chromatic percussion", "organ", "guitar"},
)
OTHER_FAMILY = 12.0  # semitones between the middles of two ranges that count as much as being of another family
OTHER_COMPANY = (
    1e-3  # of the weight of music in which a program plays alone, where several are asked for, or with others
)
CHOIRS = range(52, 55)


@dataclass(frozen=True)
class Part:
    """One instrument that was asked for.

    Attributes:
        name: as it was asked for.
        drawn: the program the network draws, 128 for the drums.
        written: the program in the file.
        share: of the notes of the piece.
    """

    name: str
    drawn: int
    written: int
    share: float


@dataclass(frozen=True)
class Cast:
    """The instruments of a piece.

    Attributes:
        parts: the instruments that can play.
        missing: names of those that cannot.
        style: in which the network knows them; None if it has none.
        together: share of the notes that start with the one before; None if unknown.
    """

    parts: tuple[Part, ...]
    missing: tuple[str, ...]
    style: str | None = None
    together: float | None = None


def learnt_programs(priors: Priors) -> dict[int, float]:
    """The programs a bundle learnt and the share of its training set that each plays; 128 stands for the drums."""
    shares: dict[int, float] = defaultdict(float)
    for ensemble in priors.ensembles:
        for player in ensemble.players:
            shares[player.program] += ensemble.share * player.share
    return {program: share for program, share in shares.items() if share >= LEAST_LEARNT}


def playable(priors: Priors | None) -> tuple[str, ...]:
    """The instruments a bundle can be asked for; all instruments if it has no priors."""
    if priors is None or not priors.ensembles:
        return NAMES
    learnt = learnt_programs(priors)
    return tuple(name for name in NAMES if _drawn_for(programs_of(name), learnt, ()) is not None)


def cast(asked: Sequence[str], priors: Priors, style: str | None = None) -> Cast:
    """The programs for the requested instruments, each given by its name or family.

    Args:
        asked: names of `model.instruments`.
        priors: of the bundle, with ensembles.
        style: requested, or None.
    """
    company = _company(priors, style, alone=len(asked) == 1)
    learnt = {program: company.get(program, 0.0) + share * 1e-3 for program, share in learnt_programs(priors).items()}
    drawn: dict[str, int] = {}
    by_exactness = sorted(asked, key=lambda name: not set(programs_of(name)) & set(learnt))
    for name in by_exactness:
        found = _drawn_for(programs_of(name), learnt, drawn.values())
        if found is not None:
            drawn[name] = found
    shares = _shares([drawn[name] for name in asked if name in drawn], priors)
    parts = tuple(
        Part(name, drawn[name], _written(name, drawn[name]), share)
        for name, share in zip([name for name in asked if name in drawn], shares, strict=True)
    )
    known = style or _style(priors, [part.drawn for part in parts])
    missing = tuple(name for name in asked if name not in drawn)
    return Cast(parts, missing, known, _together(priors, known, len(parts)))


def substitutes(programs: Iterable[int], priors: Priors) -> dict[int, int]:
    """The program drawn for each of `programs` that was not learnt; programs without a substitute are left out.

    No two share one, and none takes a program that is among `programs`.
    """
    programs, learnt = list(programs), learnt_programs(priors)
    found: dict[int, int] = {}
    for program in programs:
        if program not in learnt and program != DRUMS_PROGRAM:
            drawn = _drawn_for((program,), learnt, [*programs, *found.values()])
            if drawn is not None:
                found[program] = drawn
    return found


def played_lately(instruments: NDArray[np.int32], learnt: Iterable[int]) -> tuple[tuple[int, float], ...]:
    """Programs and note shares of the instruments that play last; `instruments` (steps,) has one for each step.

    Instruments with almost no notes, and those that were not learnt, are left out.
    """
    played = instruments[instruments >= FIRST_PROGRAM][-LATELY:] - FIRST_PROGRAM
    counts = np.bincount(played, minlength=DRUMS_PROGRAM + 1)
    learnt = set(learnt)
    present = [int(program) for program in np.flatnonzero(counts >= max(1, LEAST_PLAYED * len(played)))]
    kept = [program for program in present if program in learnt]
    whole = sum(int(counts[program]) for program in kept)
    return tuple((program, int(counts[program]) / whole) for program in kept)


def _drawn_for(wanted: Sequence[int], learnt: dict[int, float], taken: Iterable[int]) -> int | None:
    """The learnt program, not among `taken`, that is drawn for one of the programs `wanted`; None if there is none."""
    taken = set(taken)
    free = {program: share for program, share in learnt.items() if program not in taken and program != DRUMS_PROGRAM}
    if DRUMS_PROGRAM in wanted:
        return DRUMS_PROGRAM if DRUMS_PROGRAM in learnt else None
    own = [program for program in wanted if program in free]
    if own:
        return max(own, key=lambda program: free[program])
    kind = next((kind for kind in KINDS if wanted and _family(wanted[0]) in kind), set[str]())
    like = [program for program in free if _family(program) in kind and program not in CHOIRS]
    return min(like, key=lambda program: _unlike(program, wanted[0])) if like else None


def _unlike(program: int, wanted: int) -> float:
    """The dissimilarity of two programs: the distance of the middles of their ranges, and of their families."""
    apart = (
        abs(int(LOWEST_PITCH[program] + HIGHEST_PITCH[program]) - int(LOWEST_PITCH[wanted] + HIGHEST_PITCH[wanted])) / 2
    )
    return apart + OTHER_FAMILY * (_family(program) != _family(wanted))


def _family(program: int) -> str:
    return FAMILIES[program // PER_FAMILY]


def _written(name: str, drawn: int) -> int:
    programs = programs_of(name)
    return drawn if drawn in programs else programs[0]


def _company(priors: Priors, style: str | None, alone: bool) -> dict[int, float]:
    """How much music each program plays in, alone or in company."""
    found: dict[int, float] = defaultdict(float)
    for ensemble in priors.ensembles:
        if (len(ensemble.players) == 1) == alone and style in (None, ensemble.style):
            for player in ensemble.players:
                found[player.program] += ensemble.share
    return found


def _shares(drawn: Sequence[int], priors: Priors) -> list[float]:
    """The share of the notes of each program, as in company if known, and none much below the others."""
    sums: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for ensemble in priors.ensembles:
        if len(ensemble.players) > 1:
            for player in ensemble.players:
                sums[player.program][0] += ensemble.share * player.share
                sums[player.program][1] += ensemble.share
    usual = 1 / max(len(drawn), 1)
    shares = np.array([sums[one][0] / sums[one][1] if sums[one][1] else usual for one in drawn])
    least = min(LEAST_SHARE, 0.8 * usual)
    shares = np.maximum(shares / max(shares.sum(), 1e-9), least)
    return [round(float(share), 4) for share in shares / max(shares.sum(), 1e-9)]


def _style(priors: Priors, drawn: Sequence[int]) -> str | None:
    """The style that has most of the programs `drawn`, preferably together (or alone, if it is one)."""
    found: dict[str, float] = defaultdict(float)
    for ensemble in priors.ensembles:
        both = len(set(drawn) & {player.program for player in ensemble.players})
        if ensemble.style and both:
            is_alike = (len(ensemble.players) > 1) == (len(drawn) > 1)
            found[ensemble.style] += ensemble.share * both**2 * (1.0 if is_alike else OTHER_COMPANY)
    return max(found, key=lambda style: found[style]) if found else None


def _together(priors: Priors, style: str | None, players: int) -> float | None:
    """The share of notes that start with the one before, in music of the style for about as many instruments."""
    weights = [
        (one.share / (1 + abs(len(one.players) - players)) ** 2, one.together)
        for one in priors.ensembles
        if style in (None, one.style)
    ]
    whole = sum(weight for weight, _ in weights)
    return sum(weight * together for weight, together in weights) / whole if whole else None
