"""Control accuracy: requested key, length, density, tempo, meter and instruments compared with the generated piece.

Each piece requests one control, so that each figure is about that control. A key counts as followed if music21's
detector finds it. The detector errs on real music too, so its agreement there with the training labels is the ceiling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.analysis.key_and_tempo import TOLERANCE, found_keys, mapped_tempo
from model.controls import DENSITIES, FAMILIES, Controls
from model.evaluation.samples import Generate, GeneratedPiece, GenerationRequest
from model.generation.control_checks import LEAST_SHARE, played_by
from model.generation.options import MAX_LENGTH_S, MIN_LENGTH_S
from model.instruments import programs_of
from model.keys import KEYS
from model.piece import Excerpt, Piece
from model.representation.base import BLOCK, Representation

LENGTHS = (0.5, 1.0, 2.0)  # of the usual length of the report
LENGTH_TOLERANCE = 0.05
TEMPI_BPM = (70.0, 90.0, 110.0, 130.0, 160.0)
METERS = ("4/4", "3/4")
COMBINATIONS, MOST_ASKED = 8, 4  # of instruments; how many of them are asked for at a time
FIRST_SEED = 100_000  # random seeds of these pieces, apart from those composed at the defaults


class ControlAccuracy:
    """Requests pieces with one control each from a `Generate` function.

    Args:
        make: what composes.
        representation: of the bundle; it says which controls are known.
        length_s: seconds of every piece, except where the length is what is asked.
        each: pieces for every value of a control.
        playable: the instruments the bundle can be asked for; all families if unknown.
    """

    def __init__(
        self,
        make: Generate,
        representation: Representation,
        length_s: float,
        each: int,
        playable: Sequence[str] = FAMILIES,
    ) -> None:
        self.make, self.representation, self.length_s, self.each = make, representation, length_s, each
        self.playable = playable
        self._random_seed = FIRST_SEED

    def figures(self, pieces: Sequence[Piece], excerpts: Sequence[Excerpt]) -> dict[str, Any]:
        """Figures of every control that the bundle knows; `excerpts` were cut from the real `pieces`."""
        known = self.representation.controls.slices
        found: dict[str, Any] = {"length": self.length()}
        if "key" in known:
            found["key"] = self.key(pieces, excerpts)
        if "density" in known:
            found["density"] = self.density()
        if "tempo" in known:
            found["tempo"] = self.tempo()
        if "meter" in known:
            found["meter"] = self.meter()
        if "instruments" in known:
            found["instruments"] = self.instruments()
        return found

    def length(self) -> dict[str, Any]:
        """Requested seconds compared with the end of the last note."""
        lengths = [min(max(self.length_s * share, MIN_LENGTH_S), MAX_LENGTH_S) for share in LENGTHS]
        asked = [seconds for seconds in lengths for _ in range(self.each)]
        requests = [GenerationRequest(seconds, self._next_seed()) for seconds in asked]
        return length_figures(asked, self.make(requests, "lengths"))

    def key(self, pieces: Sequence[Piece], excerpts: Sequence[Excerpt]) -> dict[str, Any]:
        """Requests each of the 24 keys; music21's detector judges the whole piece."""
        asked = np.repeat(np.arange(len(KEYS)), self.each)
        made = self._made([Controls(key=KEYS[index]) for index in asked], "keys")
        found = found_keys([one.piece for one in made])
        ceiling = key_ceiling(self.representation, pieces, excerpts)
        followed = float(np.mean(found == asked))
        return {
            "pieces": len(asked),
            "found": followed,
            "ceiling": ceiling,
            "of_ceiling": followed / ceiling if ceiling else None,
            "found_or_near": float(
                np.mean([near(int(one), int(other)) for one, other in zip(asked, found, strict=True)])
            ),
            "by_key": {KEYS[index]: float(np.mean(found[asked == index] == index)) for index in np.unique(asked)},
        }

    def density(self) -> dict[str, Any]:
        """Requests each of the five densities, measured as in training."""
        asked = np.repeat(np.arange(DENSITIES), self.each)
        made = self._made([Controls(density=int(level) + 1) for level in asked], "densities")
        found = np.array([self._measured(one.piece, "density") for one in made])
        rates = np.array([len(one.piece) / max(one.piece.end_s, 1e-9) for one in made])
        return {
            "pieces": len(asked),
            "found": float(np.mean(found == asked)),
            "found_within_one": float(np.mean(np.abs(found - asked) <= 1)),
            "rank_correlation": rank_correlation(asked, rates),
            "notes_per_second": {str(level + 1): float(rates[asked == level].mean()) for level in range(DENSITIES)},
        }

    def tempo(self) -> dict[str, Any]:
        """Requests five tempi, read from the tempo map of the piece."""
        asked = [bpm for bpm in TEMPI_BPM for _ in range(self.each)]
        made = self._made([Controls(tempo_bpm=bpm) for bpm in asked], "tempi")
        found = [mapped_tempo(one.piece) or 0.0 for one in made]
        is_near = [abs(got / bpm - 1) <= TOLERANCE for bpm, got in zip(asked, found, strict=True)]
        return {"pieces": len(asked), "found": float(np.mean(is_near)), "tolerance": TOLERANCE}

    def meter(self) -> dict[str, Any]:
        """Requests two meters, read at the start of the piece."""
        asked = [meter for meter in METERS for _ in range(self.each)]
        made = self._made([Controls(meter=meter) for meter in asked], "meters")
        first = [one.piece.meters[0] for one in made]
        is_same = [f"{row['numerator']}/{row['denominator']}" == meter for meter, row in zip(asked, first, strict=True)]
        return {"pieces": len(asked), "found": float(np.mean(is_same))}

    def instruments(self) -> dict[str, Any]:
        """Requests combinations of one to four instruments, drawn from all that can be asked for.

        They are not the most frequent ones in real music, because members ask for others.
        """
        asked = combinations(self.playable, COMBINATIONS * self.each)
        made = self._made([Controls(instruments=names) for names in asked], "instruments")
        pairs = [(names, playing(one.piece, names)) for names, one in zip(asked, made, strict=True)]
        return {
            "pieces": len(asked),
            "found": float(np.mean([set(names) == found for names, (found, _) in pairs])),
            "asked_ones_that_play": float(np.mean([len(found) / len(names) for names, (found, _) in pairs])),
            "playing_ones_that_were_asked": float(np.mean([share for _, (_, share) in pairs])),
        }

    def _made(self, controls: Sequence[Controls], purpose: str) -> list[GeneratedPiece]:
        requests = [GenerationRequest(self.length_s, self._next_seed(), asked) for asked in controls]
        return self.make(requests, purpose)

    def _measured(self, piece: Piece, control: str) -> int:
        return int(labels(self.representation, piece, control)[1].mean(axis=0).argmax())

    def _next_seed(self) -> int:
        self._random_seed += 1
        return self._random_seed


def combinations(names: Sequence[str], count: int) -> list[tuple[str, ...]]:
    """`count` combinations of one to four of `names`, drawn at random, always the same ones."""
    rng = np.random.default_rng(FIRST_SEED)
    sizes = rng.integers(1, min(MOST_ASKED, len(names)) + 1, count)
    return [tuple(names[index] for index in rng.choice(len(names), size, replace=False)) for size in sizes]


def playing(piece: Piece, asked: Sequence[str]) -> tuple[set[str], float]:
    """The requested instruments that play at least a twentieth of the notes, and their share of the notes."""
    counts = played_by(piece)
    whole = max(sum(counts.values()), 1)
    found = {name for name in asked if sum(counts.get(one, 0) for one in programs_of(name)) >= LEAST_SHARE * whole}
    wanted = {program for name in asked for program in programs_of(name)}
    return found, sum(count for program, count in counts.items() if program in wanted) / whole


def length_figures(asked: Sequence[float], made: Sequence[GeneratedPiece]) -> dict[str, Any]:
    """Requested seconds compared with the end of each piece's last note, and how many pieces ended by themselves."""
    got = np.array([one.piece.end_s for one in made])
    off = got / np.array(asked) - 1
    return {
        "pieces": len(made),
        "within_5_percent": float(np.mean(np.abs(off) <= LENGTH_TOLERANCE)),
        "ended_by_itself": float(np.mean([one.ended for one in made])),
        "mean_off": float(off.mean()),
        "largest_off": float(np.abs(off).max()),
    }


def labels(representation: Representation, piece: Piece, control: str) -> tuple[NDArray, NDArray[np.float32]]:
    """The start of each block of `piece` in the representation's time units, and its training labels.

    The labels are float32 (blocks, values of the control).
    """
    steps = representation.encode(piece)
    part = representation.controls.slices[control]
    return representation.onsets(steps)[::BLOCK], representation.measured(steps)[:, part]


def key_ceiling(representation: Representation, pieces: Sequence[Piece], excerpts: Sequence[Excerpt]) -> float | None:
    """How often the detector finds, for a real excerpt, the key with which training labels its middle; 0..1.

    The label is measured on the music around a block of steps, partly outside the excerpt. A generated piece cannot be
    expected to agree with its label more often than the real music from which the labels come.
    """
    found = found_keys([excerpt.piece for excerpt in excerpts])
    blocks = {source: labels(representation, pieces[source], "key") for source in {one.source for one in excerpts}}
    agreed, labelled = 0, 0
    for excerpt, key in zip(excerpts, found, strict=True):
        starts, keys = blocks[excerpt.source]
        middle_s = excerpt.start_s + excerpt.piece.end_s / 2
        middle = _own_units(representation, pieces[excerpt.source], middle_s)
        label = keys[max(int(np.searchsorted(starts, middle)) - 1, 0)]
        if label.any():
            labelled += 1
            agreed += int(label.argmax() == key)
    return agreed / labelled if labelled else None


def _own_units(representation: Representation, piece: Piece, seconds: float) -> float:
    """`seconds` into `piece`, from its first onset, in the representation's own time units."""
    first_s = float(piece.onsets_s.min())
    if representation.units_per_second is not None:
        return (seconds - first_s) * representation.units_per_second
    # counted in beats: the share of the way through, which is the same on either clock where the tempo is steady
    last = float(representation.onsets(representation.encode(piece))[-1])
    return (seconds - first_s) / max(float(piece.onsets_s.max()) - first_s, 1e-9) * last


def near(asked: int, found: int) -> bool:
    """The same key, its parallel, its relative, or its neighbours in the circle of fifths (indices into KEYS)."""
    if found < 0:
        return False
    tonic, other, same_mode = asked % 12, found % 12, asked // 12 == found // 12
    if same_mode:
        return (other - tonic) % 12 in (0, 5, 7)
    relative = (tonic + 9) % 12 if asked < 12 else (tonic + 3) % 12
    return other in (tonic, relative)


def rank_correlation(one: NDArray, other: NDArray) -> float | None:
    """Spearman's rank correlation, ties sharing their mean rank; None if either set has a single value."""
    first, second = _ranks(one), _ranks(other)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _ranks(values: NDArray) -> NDArray[np.float64]:
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[index]
