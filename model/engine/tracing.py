"""The law of one step, as TensorFlow's graph of it: traced once, at a batch of one, and never run as such.

Whatever representation, stack, guard and plan there are, what they do in a step is written once, in `keras.ops`. Here
it becomes a graph whose operations `lowering` turns into a program. A recurrent stack is left out of the graph: the
machine has it built in (`recurrent`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np
import tensorflow as tf

from model.network import NoteNetwork
from model.representation.base import Situation, Tensor
from model.sampling.plan import Plan
from model.sampling.position import Position
from model.sampling.step import Tastes, Turn

STACK_INPUT, STACK_OUTPUT = "stack_input", "stack_output"
PLAN = "plan/"  # before the names of a plan's parts
ROWS = ("onsets", "notes", "template", "freedom", "highest")  # parts of a plan that have as many rows as they need


@dataclass(frozen=True)
class Traced:
    """A graph, its inputs by the tensor's name, and its outputs: tensors by what they are called."""

    graph: Any
    inputs: dict[str, str]
    outputs: dict[str, Any]
    captured: dict[str, np.ndarray]  # weights by the name of the tensor that stands for them


class _WithoutStack:
    """A network whose stack is a gap in the graph: what goes in is named, what comes out is fed."""

    def __init__(self, network: NoteNetwork) -> None:
        self._network = network
        self.representation = network.representation
        self.logits = network.logits

    def step(self, previous: Tensor, situation: Situation, state: dict) -> tuple[Tensor, dict]:
        """What `NoteNetwork.step` gives, with the stack left out."""
        tf.identity(self._network.embed(previous, situation), name=STACK_INPUT)
        return tf.compat.v1.placeholder(tf.float32, (1, self._network.stack.units), name=STACK_OUTPUT), state


def traced(network: NoteNetwork, position: Position, tastes: Tastes, plan: Plan | None) -> Traced:
    """The graph of one step; networks of one configuration share it, and differ in what it captured.

    Args:
        network: its stack is left out where `position` has no state.
        position, tastes, plan: examples of what a step is given, of one piece each.
    """
    key = _kind(network, position, tastes, plan)
    with _lock:
        known = _known.get(key)
        if known is None:
            known = _known[key] = _Known.of(network, _newly_traced(network, position, tastes, plan))
        _known.move_to_end(key)
        while len(_known) > MOST_KNOWN:
            _known.popitem(last=False)
    return known.with_weights_of(network)


def _kind(network: NoteNetwork, position: Position, tastes: Tastes, plan: Plan | None) -> str:
    """What two networks have in common whose steps are the same but for their weights."""
    given = leaves({"position": position, "tastes": tastes})
    shapes = [f"{path} {np.shape(part)} {np.asarray(part).dtype}" for path, part in given]
    return "\n".join([network.config.model_dump_json(), *shapes, str(plan is not None)])


@dataclass(frozen=True)
class _Known:
    """A graph that was traced, and of each of its captures the number of the weight, None for what is no weight."""

    traced: Traced
    weights: dict[str, int | None]

    @classmethod
    def of(cls, network: NoteNetwork, found: Traced) -> _Known:
        numbers = {id(weight.value.handle): number for number, weight in enumerate(network.weights)}
        return cls(found, {inner.name: numbers.get(id(outer)) for outer, inner in found.graph.captures})

    def with_weights_of(self, network: NoteNetwork) -> Traced:
        values = [np.asarray(weight) for weight in network.get_weights()]
        captured = {
            name: self.traced.captured[name] if number is None else values[number]
            for name, number in self.weights.items()
        }
        return replace(self.traced, captured=captured)


MOST_KNOWN = 4  # graphs, each for a configuration, with a plan or without
_known: OrderedDict[str, _Known] = OrderedDict()
_lock = Lock()


def _newly_traced(network: NoteNetwork, position: Position, tastes: Tastes, plan: Plan | None) -> Traced:
    turn = Turn(_WithoutStack(network) if not position.state else network)  # type: ignore[arg-type]
    given = {"position": position, "tastes": tastes, "uniform": np.zeros((1, turn.draws), dtype=np.float32)}
    names: list[str] = []

    def specification(path: str, part: Any) -> tf.TensorSpec:
        names.append(path)
        array = np.asarray(part)
        return tf.TensorSpec(array.shape, array.dtype)

    specifications = [specification(path, part) for path, part in leaves(given)]
    if plan is not None:
        for name, part in plan._asdict().items():
            shape = (1, None, *part.shape[2:]) if name in ROWS else part.shape
            names.append(PLAN + name)
            specifications.append(tf.TensorSpec(shape, part.dtype))

    def step(*parts: Tensor) -> dict[str, Tensor]:
        left = iter(parts)
        whole = _packed(given, left)
        plan_given = None if plan is None else Plan(*left)
        after, choice = turn.step(whole["position"], whole["uniform"], whole["tastes"], plan_given)
        said = {"raw": choice.raw, "is_woven": choice.is_woven, "is_end": choice.is_end}
        return dict(leaves({"position": after, **said}))

    concrete = tf.function(step, autograph=False).get_concrete_function(*specifications)
    count = len(specifications)
    inputs = {tensor.name: name for tensor, name in zip(concrete.inputs[:count], names, strict=True)}
    captured = {inner.name: _value(concrete.graph, outer) for outer, inner in concrete.graph.captures}
    return Traced(concrete.graph, inputs, dict(concrete.structured_outputs), captured)


def _value(graph: Any, handle: Any) -> np.ndarray:
    """The value of the variable behind a resource that a graph captured, or of a captured tensor."""
    if handle.dtype != tf.resource:
        return handle.numpy()
    variable = next(one for one in graph.variables if one.handle is handle)
    return variable.numpy()


def leaves(structure: Any, path: str = "") -> list[tuple[str, Any]]:
    """The leaves of nested tuples and dictionaries with their paths, in the order of `keras.tree`."""
    if hasattr(structure, "_asdict"):
        items = list(structure._asdict().items())
    elif isinstance(structure, dict):
        items = sorted(structure.items())
    else:
        return [(path, structure)]
    return [leaf for name, part in items for leaf in leaves(part, f"{path}/{name}" if path else name)]


def _packed(structure: Any, leaves: Iterator[Tensor]) -> Any:
    """`structure` with its leaves replaced by `leaves`, in the order of `leaves`."""
    if hasattr(structure, "_asdict"):
        return type(structure)(*(_packed(part, leaves) for part in structure))
    if isinstance(structure, dict):
        return {name: _packed(structure[name], leaves) for name in sorted(structure)}
    return next(leaves)
