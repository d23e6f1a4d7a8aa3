"""Decoder states: where a piece stands before its first step, or after a seed that the network has read (prefill)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.generation.keras_stack import KerasStack
from model.generation.options import DEFAULT_TOP_P, SamplingParameters
from model.generation.plan import Plan, no_plan
from model.generation.pointer import new_pointer
from model.generation.processors import Beat, Playing, new_processors, rules_of
from model.generation.step import PIECE, Decoder, embed, run
from model.generation.weights import Weights, new_memory, new_scratch
from model.network import NoteNetwork
from model.representation.base import UNKNOWN


@dataclass(frozen=True)
class DecoderState:
    """Where one piece stands.

    Attributes:
        decoder: what compiled code reads and changes.
        stack: the state of a stack that Keras carries out, a batch of one; None for recurrent stacks.
        processing: what the logits processors are to keep, arguments of `new_processors`.
    """

    decoder: Decoder
    stack: dict[str, Any] | None
    processing: dict[str, Any]

    def begun(
        self, network: NoteNetwork, sampling: SamplingParameters, plan: Plan | None, is_penalised: bool
    ) -> DecoderState:
        """A copy that a request draws from, with its sampling parameters and its plan.

        Raises:
            ValueError: the plan is for steps with other fields.
        """
        representation, copy = network.representation, _copied(self.decoder)
        names = [field.name for field in representation.fields]
        temperatures = [sampling.temperatures.get(name, sampling.temperature) for name in names]
        piece, usual = copy.piece[0], DEFAULT_TOP_P if sampling.top_p is None else sampling.top_p
        if plan is not None and any(
            part.shape[1] != len(names) for part in (plan.notes, plan.template, plan.constraints)
        ):
            raise ValueError(f"the steps of the plan do not have the fields {', '.join(names)}")
        piece["temperature"][: len(names)] = temperatures
        piece["top_p"][: len(names)] = [sampling.top_ps.get(name, usual) for name in names]
        piece["top_k"], piece["min_p"] = sampling.top_k, sampling.min_p
        copy.pointer.about["weight"] = sampling.pointer
        decoder = copy._replace(
            plan=no_plan(len(names)) if plan is None else plan,
            processors=new_processors(representation, **self.processing, is_penalised=is_penalised),
        )
        return replace(self, decoder=decoder)

    @property
    def is_over(self) -> bool:
        """Whether the piece has ended."""
        return bool(self.decoder.piece["is_over"][0])

    @property
    def penalised(self) -> int:
        """Steps at which the repetition penalty stepped in."""
        return int(self.decoder.piece["penalised"][0])

    @property
    def left(self) -> int:
        """Own time units until the last onset, `UNKNOWN` where nobody said."""
        return int(self.decoder.law["left"][0])


def _copied(part: Any) -> Any:
    """A copy of a tuple of arrays, tuples and numbers."""
    if isinstance(part, np.ndarray):
        return part.copy()
    return type(part)(*map(_copied, part)) if isinstance(part, tuple) else part


class Decoders:
    """Makes decoder states for one network; safe to use from any thread."""

    def __init__(self, network: NoteNetwork, weights: Weights, stack: KerasStack | None) -> None:
        """`stack` carries out a stack that is not recurrent, or one on a GPU."""
        self._network, self._weights, self._stack = network, weights, stack
        self.representation, self._rules = network.representation, rules_of(network.representation)

    def start(self, controls: NDArray[np.float32] | None = None, left: int = UNKNOWN) -> DecoderState:
        """Before the first note.

        Args:
            controls: what is asked of the piece, float32 (width,); None asks for nothing.
            left: own time units until its last onset, or UNKNOWN.
        """
        representation, fields = self.representation, len(self.representation.fields)
        if controls is None:
            controls = np.zeros(representation.controls.width, dtype=np.float32)
        piece = np.zeros(1, dtype=PIECE)
        piece["previous"][0, :fields] = [field.size for field in representation.fields]  # they stand for START
        decoder = Decoder(
            representation.new_states(left),
            representation.conditions(controls),
            piece,
            new_processors(representation),
            new_pointer(representation),
            no_plan(fields),
            new_memory(self._network),
        )
        return DecoderState(decoder, None if self._stack is None else self._stack.start(), {})

    def conditioned(self, state: DecoderState, controls: NDArray[np.float32], left: int) -> DecoderState:
        """`state` with other controls for what follows; see `start`."""
        law = state.decoder.law.copy()
        law["left"] = left
        decoder = state.decoder._replace(law=law, conditions=self.representation.conditions(controls))
        return replace(state, decoder=decoder)

    def steered(
        self,
        state: DecoderState,
        key: str | None,
        notes_per_s: float | None,
        beat: Beat | None = None,
        playing: Playing | None = None,
        closes_in_key: bool = True,
    ) -> DecoderState:
        """`state` from which the piece keeps to a key, a density, a beat and an ensemble; see `processors`."""
        kept = {"key": key, "notes_per_s": notes_per_s, "beat": beat, "playing": playing}
        return replace(state, processing={**kept, "closes_in_key": closes_in_key})

    def prefill(
        self, steps: NDArray[np.int32], controls: NDArray[np.float32] | None = None, left: int = UNKNOWN
    ) -> DecoderState:
        """After a given beginning.

        Args:
            steps: raw steps of one piece, int32 (notes, fields), at least one.
            controls: what was asked of them, as of `start`.
            left: own time units from the last of them to the last onset of the piece, or UNKNOWN.
        """
        whole = left if left == UNKNOWN else left + int(self.representation.onsets(steps)[-1])
        state, steps = self.start(controls, whole), np.ascontiguousarray(steps, dtype=np.int32)
        scratch, fields = new_scratch(self._network), steps.shape[1]
        if self._stack is None:
            nothing, raw = np.zeros((0, fields + 2), dtype=np.float32), np.zeros((0, fields), dtype=np.int32)
            written = raw, np.zeros(0, dtype=np.uint8)
            run(state.decoder, self._weights, self._rules, steps, nothing, scratch, *written)
            return state
        inputs = np.zeros((len(steps), self._network.config.embedding), dtype=np.float32)
        embed(state.decoder, self._weights, self._rules, steps, scratch, inputs)
        return replace(state, stack=self._stack.after(inputs))
