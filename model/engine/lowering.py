"""From a traced graph to a program: every tensor becomes the addresses of its elements.

Operations that only move elements (slices, reshapes, transpositions, broadcasts, concatenations) are carried out here,
on addresses, and cost the machine nothing; copies are made where an instruction needs its operand in one piece. What
does not depend on the inputs is computed here. An operation that was met with the same operands is not repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from model.engine.assembly import Assembly
from model.engine.matmul import pack
from model.engine.operations import carried_out, control_inputs
from model.engine.program import Code, Program
from model.engine.tracing import PLAN, STACK_INPUT, STACK_OUTPUT, Traced

Addresses = NDArray[np.int64]

UNARY = {
    "Neg": Code.NEG, "Abs": Code.ABS, "LogicalNot": Code.NOT, "Exp": Code.EXP, "Log": Code.LOG, "Log1p": Code.LOG1P,
    "Sigmoid": Code.SIGMOID, "Tanh": Code.TANH, "Square": Code.SQUARE, "Rsqrt": Code.RSQRT, "Erfc": Code.ERFC,
    "Sin": Code.SIN, "Cos": Code.COS,
}  # fmt: skip
BINARY = {
    "AddV2": Code.ADD, "BiasAdd": Code.ADD, "Sub": Code.SUB, "Mul": Code.MUL, "RealDiv": Code.DIV, "Maximum": Code.MAX,
    "Minimum": Code.MIN, "FloorDiv": Code.FLOORDIV, "FloorMod": Code.FLOORMOD, "Equal": Code.EQ, "NotEqual": Code.NE,
    "Less": Code.LT, "LessEqual": Code.LE, "LogicalAnd": Code.AND, "LogicalOr": Code.OR,
}  # fmt: skip
SWAPPED = {"Greater": Code.LT, "GreaterEqual": Code.LE}
REDUCING = {
    "Sum": Code.SUM, "Mean": Code.SUM, "Max": Code.LARGEST, "Any": Code.LARGEST, "Min": Code.LEAST, "All": Code.LEAST,
    "ArgMax": Code.ARGMAX,
}  # fmt: skip
SEGMENTED = {"UnsortedSegmentSum": Code.SEGMENT_SUM, "UnsortedSegmentMax": Code.SEGMENT_LARGEST}
RUNNING = {"Cumsum": Code.CUMSUM, "Cumprod": Code.CUMPROD}
SAME = ("Identity", "StopGradient", "PreventGradient", "ReadVariableOp")
MOVING = (
    "Reshape", "ExpandDims", "Squeeze", "StridedSlice", "Transpose", "BroadcastTo", "Tile", "ReverseV2", "ConcatV2",
    "Pack", "Split", "Unpack",
)  # fmt: skip
UNENDING = 1 << 30  # rows of a plan, as far as the graph can tell: GATHER_PLAN knows where it ends


def lowered(traced: Traced, first_constant: int) -> Program:
    """The program of a traced step.

    Args:
        traced: the step.
        first_constant: where its constants will lie among those that all rows share.

    Raises:
        NotImplementedError: an operation that the machine does not know.
    """
    lowering = _Lowering(traced, Assembly(first_constant))
    return lowering.program()


class _Lowering:
    """Walks the operations that the outputs need, each after its operands."""

    def __init__(self, traced: Traced, assembly: Assembly) -> None:
        self._traced = traced
        self._assembly = assembly
        self._values: dict[str, NDArray] = {}  # of tensors that depend on no input
        self._addresses: dict[str, Addresses] = {}
        self._plans: dict[str, int] = {}  # tensors that are parts of a plan, by name
        self.plan_parts: list[str] = []

    def program(self) -> Program:
        """The whole program, its results moved to where the next step expects them."""
        self._take_inputs()
        operations = self._needed()
        for operation in operations:
            self._lower(operation)
        outputs = {name: self._of(tensor) for name, tensor in self._traced.outputs.items()}
        return self._assembly.finished(outputs, tuple(self.plan_parts))

    def _take_inputs(self) -> None:
        for tensor, name in self._traced.inputs.items():
            shape = self._traced.graph.get_tensor_by_name(tensor).shape.as_list()
            if name.startswith(PLAN) and None in shape:
                self._plans[tensor] = len(self.plan_parts)
                self.plan_parts.append(name.removeprefix(PLAN))
            else:
                self._addresses[tensor] = self._assembly.input(name, shape)
        for tensor, value in self._traced.captured.items():
            self._values[tensor] = value

    def _needed(self) -> list[Any]:
        """The operations that the outputs depend on, in an order in which they can be carried out."""
        ordered: list[Any] = []
        seen: set[str] = set()
        by_name = {op.name: op for op in self._traced.graph.get_operations()}

        def operands(operation: Any) -> list[Any]:
            if operation.name == STACK_OUTPUT:
                return [by_name[STACK_INPUT]]
            return [tensor.op for tensor in operation.inputs]

        waiting = [(tensor.op, False) for tensor in self._traced.outputs.values()]
        while waiting:
            operation, has_operands = waiting.pop()
            if has_operands:
                ordered.append(operation)
            elif operation.name not in seen:
                seen.add(operation.name)
                waiting.append((operation, True))
                waiting.extend((one, False) for one in operands(operation))
        return ordered

    def _lower(self, operation: Any) -> None:
        kind = operation.type
        names = [tensor.name for tensor in operation.inputs]
        outputs = [tensor.name for tensor in operation.outputs]
        if outputs and (outputs[0] in self._addresses or outputs[0] in self._values or outputs[0] in self._plans):
            return
        if kind == "Const":
            self._values[outputs[0]] = tf.make_ndarray(operation.get_attr("value"))
        elif kind == "Shape":
            self._values[outputs[0]] = self._shape(operation.inputs[0])
        elif kind in SAME or kind == "IdentityN":
            for source, target in zip(names, outputs, strict=True):
                self._same(source, target)
        elif all(name in self._values for name in names) and kind != "Placeholder":
            self._fold(operation)
        else:
            results = self._emit(operation, kind)
            for name, result in zip(outputs, results, strict=False):
                self._addresses[name] = result

    def _same(self, source: str, target: str) -> None:
        for table in (self._values, self._addresses, self._plans):
            if source in table:
                table[target] = table[source]  # type: ignore[assignment]

    def _shape(self, tensor: Any) -> NDArray[np.int32]:
        return np.array([UNENDING if size is None else size for size in tensor.shape.as_list()], dtype=np.int32)

    def _fold(self, operation: Any) -> None:
        """Compute now what depends on no input."""
        results = carried_out(operation, [tf.constant(self._values[tensor.name]) for tensor in operation.inputs])
        for tensor, result in zip(operation.outputs, results, strict=True):
            self._values[tensor.name] = result.numpy()

    def _of(self, tensor: Any) -> Addresses:
        """The addresses of a tensor's elements, in its shape."""
        name = tensor.name
        if name not in self._addresses:
            self._addresses[name] = self._assembly.constant(np.asarray(self._values[name]))
        return self._addresses[name]

    def _emit(self, operation: Any, kind: str) -> list[Addresses]:
        """The instructions of one operation, and where its results are."""
        if kind in MOVING:
            return self._moved(operation)
        handlers: dict[str, Callable[[Any], list[Addresses]]] = {
            "Placeholder": self._stack, "Cast": self._cast, "SelectV2": self._select, "GatherV2": self._gather,
            "MatMul": self._matmul, "BatchMatMulV2": self._batch_matmul, "Softmax": self._softmax, "TopKV2": self._sort,
            "Pad": self._pad, "SquaredDifference": self._squared_difference,
        }  # fmt: skip
        if kind in handlers:
            return handlers[kind](operation)
        first = self._of(operation.inputs[0])
        if kind in UNARY:
            return [self._assembly.unary(UNARY[kind], first)]
        if kind in BINARY:
            return [self._assembly.binary(BINARY[kind], first, self._of(operation.inputs[1]))]
        if kind in SWAPPED:
            return [self._assembly.binary(SWAPPED[kind], self._of(operation.inputs[1]), first)]
        if kind in SEGMENTED:
            index, parts = (operation.inputs[place] for place in (1, 2))
            size = int(self._values[parts.name])
            return [self._assembly.segmented(SEGMENTED[kind], first.reshape(-1), self._of(index).reshape(-1), size)]
        if kind == "Min" and (distances := self._nearest(operation)) is not None:
            return [distances]
        if kind in REDUCING or kind in RUNNING:
            return [self._along(operation, kind, first)]
        raise NotImplementedError(f"the machine knows no operation {kind} ({operation.name})")

    def _moved(self, operation: Any) -> list[Addresses]:
        """Carry out an operation that only moves elements, on their addresses."""
        inputs = []
        for place, tensor in enumerate(operation.inputs):
            is_data = place not in control_inputs(operation)
            inputs.append(tf.constant(self._of(tensor) if is_data else self._values[tensor.name]))
        return [result.numpy() for result in carried_out(operation, inputs)]

    def _stack(self, operation: Any) -> list[Addresses]:
        """The placeholder that stands for what the recurrent stack says."""
        if operation.name != STACK_OUTPUT:
            raise NotImplementedError(f"{operation.name} is no input that was announced")
        entering = self._of(self._traced.graph.get_operation_by_name(STACK_INPUT).outputs[0])
        return [self._assembly.stack(entering, operation.outputs[0].shape.as_list())]

    def _cast(self, operation: Any) -> list[Addresses]:
        source, target = operation.inputs[0].dtype, operation.outputs[0].dtype
        values = self._of(operation.inputs[0])
        if source.is_floating and target.is_integer:
            return [self._assembly.unary(Code.TRUNC, values)]
        if target == tf.bool and source != tf.bool:
            return [self._assembly.binary(Code.NE, values, self._assembly.constant(np.zeros(())))]
        return [values]

    def _select(self, operation: Any) -> list[Addresses]:
        return [self._assembly.select(*(self._of(tensor) for tensor in operation.inputs))]

    def _gather(self, operation: Any) -> list[Addresses]:
        table, index, axis_tensor = operation.inputs
        axis, batched = int(self._values[axis_tensor.name]), operation.get_attr("batch_dims")
        if table.name in self._plans:
            width = int(np.prod(table.shape.as_list()[2:], dtype=int))
            row = self._assembly.gather_plan(self._plans[table.name], self._of(index), width)
            return [row.reshape([1, *table.shape.as_list()[2:]])]
        if index.name in self._values:
            places = tf.constant(self._values[index.name])
            return [tf.gather(self._of(table), places, axis=axis, batch_dims=batched).numpy()]
        shape = operation.outputs[0].shape.as_list()
        return [self._assembly.gather(self._of(table), self._of(index), axis, batched).reshape(shape)]

    def _matmul(self, operation: Any) -> list[Addresses]:
        left, right = operation.inputs
        if right.name not in self._values:
            product = self._assembly.batch_matmul(self._of(left)[None], self._of(right)[None])
            return [product[0]]
        weights = self._values[right.name]
        weights = weights.T if operation.get_attr("transpose_b") else weights
        return [self._assembly.matmul(self._of(left), pack(weights))]

    def _batch_matmul(self, operation: Any) -> list[Addresses]:
        left, right = (self._of(tensor) for tensor in operation.inputs)
        left = left.swapaxes(-1, -2) if operation.get_attr("adj_x") else left
        right = right.swapaxes(-1, -2) if operation.get_attr("adj_y") else right
        return [self._assembly.batch_matmul(left, right)]

    def _softmax(self, operation: Any) -> list[Addresses]:
        return [self._assembly.by_rows(Code.SOFTMAX, self._of(operation.inputs[0]))]

    def _sort(self, operation: Any) -> list[Addresses]:
        values = self._of(operation.inputs[0])
        count = int(self._values[operation.inputs[1].name])
        return [self._assembly.by_rows(Code.SORT, values)[..., :count]]

    def _pad(self, operation: Any) -> list[Addresses]:
        zero = int(self._assembly.constant(np.zeros(()))[()])
        widths = self._values[operation.inputs[1].name]
        return [np.pad(self._of(operation.inputs[0]), widths, constant_values=zero)]

    def _squared_difference(self, operation: Any) -> list[Addresses]:
        difference = self._assembly.binary(Code.SUB, *(self._of(tensor) for tensor in operation.inputs))
        return [self._assembly.unary(Code.SQUARE, difference)]

    def _nearest(self, operation: Any) -> Addresses | None:
        """The least of the distances between points and places, where that is what a graph asks for."""
        distance = operation.inputs[0].op
        if distance.type != "Abs" or distance.inputs[0].op.type != "Sub":
            return None
        points, places = (self._of(tensor) for tensor in distance.inputs[0].op.inputs)
        shape = distance.outputs[0].shape.as_list()
        is_table = shape == [1, points.size, places.size] and points.shape[-1] == 1
        if not is_table or np.atleast_1d(self._values[operation.inputs[1].name]).tolist() != [1]:
            return None
        return self._assembly.nearest(points, places).reshape(operation.outputs[0].shape.as_list())

    def _along(self, operation: Any, kind: str, values: Addresses) -> Addresses:
        axes = np.atleast_1d(self._values[operation.inputs[1].name]).tolist()
        if len(axes) != 1:
            raise NotImplementedError(f"{operation.name} reduces along {len(axes)} axes at once")
        if kind in RUNNING:
            if operation.get_attr("reverse") or operation.get_attr("exclusive"):
                raise NotImplementedError(f"{operation.name} runs backwards or leaves itself out")
            return self._assembly.running(RUNNING[kind], values, axes[0])
        shape = operation.outputs[0].shape.as_list()
        result = self._assembly.reduced(REDUCING[kind], values, axes[0]).reshape(shape)
        if kind == "Mean":
            count = self._assembly.constant(np.array(float(values.shape[axes[0]])))
            return self._assembly.binary(Code.DIV, result, count)
        return result
