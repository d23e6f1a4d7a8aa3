"""The shapes of a network's weights, computed from its configuration without building it.

The order is that of `get_weights`. `inspection` compares them with the weights of an untrusted bundle. A test builds a
network of every kind and compares.
"""

from __future__ import annotations

from model.network.config import NetworkConfig
from model.representation import representation_of

Shape = tuple[int, ...]
LOOK_BACK = 128  # width of the look-back attention's keys and values
CLASSIC_KERNEL = 5  # notes that a convolution of the classic kind reads
CLASSIC_HEAD = 64  # width of an attention head there
WIDENING = 4  # factor of a Transformer's feed-forward width


def weight_shapes(config: NetworkConfig) -> list[Shape]:
    """The shape of every weight array.

    Raises:
        RequestError: the representation is unknown.
    """
    if config.window:
        return _classic(config)
    representation = representation_of(config.representation, config.styles, config.vocabulary)
    fields, contexts = representation.fields, representation.context_sizes
    shapes: list[Shape] = [(field.size + 1, config.embedding) for field in fields]
    shapes += _dense(contexts["input"], config.embedding)
    shapes += _STACKS[config.stack](config)
    for index, field in enumerate(fields):
        shapes += _dense(config.units, config.head_units)
        shapes.append((contexts[field.name], config.head_units))
        shapes += [(other.size, config.head_units) for other in fields[:index]]
        shapes += _dense(config.head_units, field.size)
    return shapes


def _dense(width: int, units: int) -> list[Shape]:
    return [(width, units), (units,)]


def _classic(config: NetworkConfig) -> list[Shape]:
    is_embedded = config.note_input == "embedding"
    width, units = config.embedding if is_embedded else 1, config.units
    shapes: list[Shape] = [(len(config.vocabulary) + 1, width)] if is_embedded else []
    shapes += _CLASSIC_STACKS[config.stack](config, width)
    return [*shapes, *_dense(units, config.head_units), *_dense(config.head_units, len(config.vocabulary))]


def _classic_convolutions(config: NetworkConfig, width: int) -> list[Shape]:
    taps: list[Shape] = [(CLASSIC_KERNEL, config.units, config.units), (config.units,)]
    return [*_dense(width, config.units), *taps * config.layers]


def _classic_transformer(config: NetworkConfig, width: int) -> list[Shape]:
    units, heads = config.units, config.units // CLASSIC_HEAD
    norm: list[Shape] = [(units,), (units,)]
    asks: list[Shape] = [(units, heads, CLASSIC_HEAD), (heads, CLASSIC_HEAD)] * 3
    attention: list[Shape] = [*asks, (heads, CLASSIC_HEAD, units), (units,)]
    wide = [*_dense(units, WIDENING * units), *_dense(WIDENING * units, units)]
    blocks = [*norm, *attention, *norm, *wide] * config.layers
    return [*_dense(width, units), (config.window, units), *blocks, *norm]


def _layers(config: NetworkConfig, width: int, gates: int, bias: Shape) -> list[Shape]:
    """Kernel, recurrent kernel and bias of every recurrent layer; the first layer's inputs have `width`."""
    wide = gates * config.units
    widths = [width, *[config.units] * (config.layers - 1)]
    return [shape for one in widths for shape in ((one, wide), (config.units, wide), bias)]


def _lstm(config: NetworkConfig) -> list[Shape]:
    return _layers(config, config.embedding, 4, (4 * config.units,)) + _look_back(config)


def _gru(config: NetworkConfig) -> list[Shape]:
    return _layers(config, config.embedding, 3, (2, 3 * config.units)) + _look_back(config)


def _look_back(config: NetworkConfig) -> list[Shape]:
    if not config.memory:
        return []
    asks = [*_dense(config.units, LOOK_BACK), *_dense(config.units, LOOK_BACK), *_dense(config.embedding, LOOK_BACK)]
    return [*asks, *_dense(LOOK_BACK, config.units)]


def _convolution(config: NetworkConfig) -> list[Shape]:
    taps = _dense(2 * config.units, 2 * config.units) * config.layers
    return [*_dense(config.embedding, config.units), *taps, *_dense(config.units, config.units) * config.layers]


def _transformer(config: NetworkConfig) -> list[Shape]:
    units = config.units
    norms: list[Shape] = [(units,)] * 4
    attention = [*_dense(units, 3 * units), *_dense(units, units)]
    wide = [*_dense(units, WIDENING * units), *_dense(WIDENING * units, units)]
    blocks = [*norms, *attention, *wide] * config.layers
    return [*_dense(config.embedding, units), *blocks, (units,), (units,)]


_CLASSIC_STACKS = {
    "lstm": lambda config, width: _layers(config, width, 4, (4 * config.units,)),
    "gru": lambda config, width: _layers(config, width, 3, (2, 3 * config.units)),
    "conv": _classic_convolutions,
    "transformer": _classic_transformer,
}
_STACKS = {"lstm": _lstm, "gru": _gru, "conv": _convolution, "transformer": _transformer}
