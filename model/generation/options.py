"""What a piece is to be: mode, length, controls, sampling parameters, random seed, and what is refused.

Plain data that the worker and the command line fill in; loads neither Keras nor TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from model.controls import MODES, Controls, Mode
from model.errors import RequestError

if TYPE_CHECKING:
    from model.representation import Representation

DRAW_FROM_ALL = 0  # of `top_k`: no limit
DEFAULT_TOP_P = 0.95  # where neither the request nor the representation says one


@dataclass(frozen=True)
class SamplingParameters:
    """How far from the likeliest choice the music may stray.

    `temperature` divides the logits (below 1: safer); `temperatures` does so for single fields, by name, in its stead.
    `top_k` keeps that many of the likeliest classes, 0 all of them. `top_p` keeps the likeliest classes that together
    reach this probability (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration"); `min_p` drops classes
    less likely than this share of the likeliest (Nguyen et al. 2024, "Turning Up the Heat"). A `top_p` of None is that
    of the representation. `pointer` weighs what the piece has already played (see `model.generation.pointer`): 0 leaves
    all to the network, 1 is what was fitted.
    """

    temperature: float = 1.0
    top_k: int = DRAW_FROM_ALL
    top_p: float | None = None
    min_p: float = 0.0
    temperatures: Mapping[str, float] = field(default_factory=dict)
    top_ps: Mapping[str, float] = field(default_factory=dict)
    pointer: float = 1.0

    def for_fields(
        self, fields: Sequence[str], temperatures: Mapping[str, float], top_ps: Mapping[str, float]
    ) -> SamplingParameters:
        """The same with nothing left open: a temperature and a top-p for every field.

        Args:
            fields: the names of all of them.
            temperatures: of single fields at a `temperature` of 1; others are drawn at 1.
            top_ps: of single fields where no `top_p` was given; others are drawn at the usual one.
        """
        given = {name: round(self.temperature * temperatures.get(name, 1.0), 6) for name in fields}
        kept = {name: top_ps.get(name, DEFAULT_TOP_P) if self.top_p is None else self.top_p for name in fields}
        return replace(self, temperatures={**given, **self.temperatures}, top_ps={**kept, **self.top_ps})


DEFAULT_LENGTH_S = 30.0
MIN_LENGTH_S, MAX_LENGTH_S = 5.0, 300.0  # longer than the longest wait a representation draws
MIN_BARS, MAX_BARS = 1, 200
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.1, 2.0
MAX_TOP_K = 1000
MIN_TOP_P, MAX_MIN_P = 0.05, 0.5


@dataclass(frozen=True)
class ComposeOptions:
    """One request for a piece. The same bundle, seed and options give the same piece.

    Attributes:
        mode: what becomes of a seed; without one there is nothing to vary or accompany. 'continue' goes on from its
            end; 'vary' keeps its rhythm and leans towards its pitches; 'accompany' keeps its notes and plays around
            them.
        length_s: seconds of new music, 5..300; the last notes have faded by then. With neither this nor `bars` 30
            seconds follow a seed, and a variation or an accompaniment is as long as its seed.
        bars: the same in bars, 1..200; for models that count time in bars.
        controls: what the music is to be like.
        sampling: how the notes are drawn.
        strength: how closely 'vary' keeps to the pitches of the seed, 0 (free) to 1 (the same).
        random_seed: names the piece among all that could be; from 0 on.
        include_seed: whether the seed is in the result.
        repetition_penalty: whether loops of few notes are broken.
    """

    mode: Mode = "continue"
    length_s: float | None = None
    bars: int | None = None
    controls: Controls = field(default_factory=Controls)
    sampling: SamplingParameters = field(default_factory=SamplingParameters)
    strength: float = 0.5
    random_seed: int = 0
    include_seed: bool = True
    repetition_penalty: bool = True

    def sampling_for(self, representation: Representation) -> SamplingParameters:
        """How to draw the fields of `representation`: as asked, and as suits it where nothing is asked."""
        names = [field.name for field in representation.fields]
        return self.sampling.for_fields(names, representation.default_temperatures, representation.default_top_ps)

    def check(self) -> None:
        """Refuse what no model could do.

        Raises:
            RequestError: a value is out of its range, or two contradict each other.
        """
        if self.mode not in MODES:
            raise RequestError(f"There is no mode '{self.mode}'. These are known: {', '.join(MODES)}.")
        if self.length_s is not None and self.bars is not None:
            raise RequestError("Give the length in seconds or in bars, not both.")
        if self.length_s is not None and not MIN_LENGTH_S <= self.length_s <= MAX_LENGTH_S:
            raise RequestError(f"The length must lie between {MIN_LENGTH_S:g} and {MAX_LENGTH_S:g} seconds.")
        if self.bars is not None and not MIN_BARS <= self.bars <= MAX_BARS:
            raise RequestError(f"The length must lie between {MIN_BARS} and {MAX_BARS} bars.")
        if not 0 <= self.strength <= 1:
            raise RequestError("The strength of a variation must lie between 0 (free) and 1 (the same pitches).")
        if self.random_seed < 0:
            raise RequestError("The random seed must be a whole number from 0 on.")
        _check_sampling(self.sampling)


def _check_sampling(sampling: SamplingParameters) -> None:
    for name, temperature in (("", sampling.temperature), *sampling.temperatures.items()):
        if not MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE:
            of = f" of '{name}'" if name else ""
            raise RequestError(f"The temperature{of} must lie between {MIN_TEMPERATURE:g} and {MAX_TEMPERATURE:g}.")
    if not 0 <= sampling.top_k <= MAX_TOP_K:
        raise RequestError(f"Top-k must lie between 1 and {MAX_TOP_K}, or be 0 to draw from all.")
    if sampling.top_p is not None and not MIN_TOP_P <= sampling.top_p <= 1:
        raise RequestError(f"Top-p must lie between {MIN_TOP_P:g} and 1.")
    if not 0 <= sampling.min_p <= MAX_MIN_P:
        raise RequestError(f"Min-p must lie between 0 and {MAX_MIN_P:g}.")
