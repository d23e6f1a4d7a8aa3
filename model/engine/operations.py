"""Operations of a graph of TensorFlow's, carried out one by one on other inputs than the graph's own."""

from __future__ import annotations

from inspect import signature
from typing import Any

import tensorflow as tf


def control_inputs(operation: Any) -> range | tuple[int, ...]:
    """Which inputs say how elements are moved, and are not moved themselves."""
    count = len(operation.inputs)
    if operation.type == "ConcatV2":
        return (count - 1,)
    if operation.type == "Split":
        return (0,)
    return () if operation.type == "Pack" else range(1, count)


def carried_out(operation: Any, inputs: list[Any]) -> list[Any]:
    """The results of an operation of the graph on other inputs."""
    arguments: dict[str, Any] = {}
    place = 0
    for argument in operation.op_def.input_arg:
        if argument.number_attr:
            size = operation.get_attr(argument.number_attr)
            arguments[argument.name] = inputs[place : place + size]
            place += size
        else:
            arguments[argument.name] = inputs[place]
            place += 1
    for attribute in operation.op_def.attr:
        is_implied = any(
            attribute.name in (one.type_attr, one.number_attr, one.type_list_attr) for one in operation.op_def.input_arg
        )
        if not is_implied:
            arguments[attribute.name] = operation.get_attr(attribute.name)
    carry_out = getattr(tf.raw_ops, operation.type)
    # a few arguments have another name in Python than in the operation's definition
    names = [name for name in signature(carry_out).parameters if name not in arguments and name != "name"]
    renamed = {old: names.pop(0) for old in list(arguments) if old not in signature(carry_out).parameters}
    result = carry_out(**{renamed.get(name, name): value for name, value in arguments.items()})
    return list(result) if isinstance(result, list | tuple) else [result]
