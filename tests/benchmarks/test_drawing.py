"""Ours and its peer draw as many notes as they say, and know what a step must read."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.drawing import WEIGHT_BYTES, Ours
from benchmarks.transformer import Shape, Transformer
from model.generation.kernels.products import pack


@pytest.fixture(scope="module")
def ours() -> Ours:
    return Ours(slots=2, units=24, layers=1, notes=16)


def test_every_piece_gets_its_notes(ours):
    assert ours._draw(16) == 2 * 16
    assert ours.round() > 0


def test_a_step_reads_every_weight_but_tables_of_embeddings_and_biases(ours):
    tables = sum(int(np.prod(one.shape)) for one in ours.network.weights if one.name == "embeddings")
    vectors = sum(int(np.prod(one.shape)) for one in ours.network.weights if len(one.shape) == 1)
    assert tables > 0
    assert ours.read_bytes == WEIGHT_BYTES * (ours.network.count_params() - tables - vectors)


def test_a_weight_takes_as_many_bytes_as_the_engine_keeps_of_it():
    packed = pack(np.zeros((1000, 64), dtype=np.float32))
    assert packed.data.nbytes == pytest.approx(WEIGHT_BYTES * 64_000, rel=0.01)  # scales beside them


def test_the_peer_has_twenty_million_weights():
    size = Shape()
    block = 12 * size.width**2 + 13 * size.width
    all_weights = size.layers * block + (size.vocabulary + size.positions + 2) * size.width
    assert 20e6 < all_weights < 20.5e6
    little = Transformer(Shape(layers=2, heads=2, width=8, vocabulary=5, positions=16, cache=8), tokens=4)
    assert little.weights == 2 * (12 * 64 + 13 * 8) + (5 + 16 + 2) * 8


def test_the_peers_cache_gives_what_hearing_the_whole_piece_gives():
    """Token by token with cached keys and values, or everything anew in one pass: the same choices."""
    size = Shape(layers=2, heads=2, width=16, vocabulary=11, positions=16, cache=6)
    peer = Transformer(size, tokens=6)
    noise = np.random.default_rng(1).gumbel(size=(6, size.vocabulary)).astype(np.float32)
    drawn = peer._draw(noise, peer._cache).numpy().tolist()
    heard = [0]
    for place in range(6):
        heard.append(int(np.argmax(_logits(peer, heard)[-1] + noise[place])))
    assert drawn == heard[1:]
    assert len(set(drawn)) > 1


def _logits(peer: Transformer, tokens: list[int]) -> np.ndarray:
    """A GPT-2 written the plain way, (tokens, vocabulary)."""
    size = peer.shape
    hidden = peer._tokens.numpy()[tokens] + peer._positions.numpy()[: len(tokens)]
    for block in peer._blocks:
        weight = {name: value.numpy() for name, value in block.items()}
        entered = _normal(hidden, weight["scale_1"], weight["shift_1"]) @ weight["attend"] + weight["attend_bias"]
        heads = [part.reshape(len(tokens), size.heads, size.head).swapaxes(0, 1) for part in np.split(entered, 3, -1)]
        scores = heads[0] @ heads[1].swapaxes(1, 2) / np.sqrt(size.head)
        scores = np.where(np.tri(len(tokens), dtype=bool), scores, -np.inf)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        found = (shares / shares.sum(-1, keepdims=True) @ heads[2]).swapaxes(0, 1).reshape(len(tokens), -1)
        hidden = hidden + found @ weight["attended"] + weight["attended_bias"]
        wide = _normal(hidden, weight["scale_2"], weight["shift_2"]) @ weight["widen"] + weight["widen_bias"]
        gelu = 0.5 * wide * (1 + np.tanh(np.sqrt(2 / np.pi) * (wide + 0.044715 * wide**3)))
        hidden = hidden + gelu @ weight["narrow"] + weight["narrow_bias"]
    return _normal(hidden, *(part.numpy() for part in peer._last)) @ peer._tokens.numpy().T


def _normal(hidden: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
    spread = np.sqrt(hidden.var(-1, keepdims=True) + 1e-5)
    return (hidden - hidden.mean(-1, keepdims=True)) / spread * scale + shift
