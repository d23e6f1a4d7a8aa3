"""The peer: a small decoder-only Transformer of the kind that composes today, with a key/value cache, compiled.

Its shape is that of MIDI-GPT (Pasquier et al. 2025, "MIDI-GPT: A Controllable Generative Model for Computer-Assisted
Multitrack Music Composition"): GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners") with
6 layers, 8 heads and a width of 512, about 20 million weights. It is written to be fast: keys and values go into arrays
made beforehand, the whole loop is one graph that XLA compiles (twice as fast as without), and nothing leaves it before
the last token. Its weights are random, which take as long as trained ones.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from tensorflow.compiler.tf2xla.python import xla

# A note of MIDI-GPT has NOTE_ON, DURATION and, unless it is struck together with the one before, TIME_POSITION; an
# expressive one, as ours are, has VELOCITY and DELTA besides (Pasquier et al. 2025). Three is to its favour.
TOKENS_PER_NOTE = 3


@dataclass(frozen=True)
class Shape:
    """Sizes of a GPT-2. `cache` is how many tokens are kept for attention, at most `positions`."""

    layers: int = 6
    heads: int = 8
    width: int = 512
    vocabulary: int = 539
    positions: int = 2048
    cache: int = 512  # the tokens of about 170 notes, half of what half a minute has

    @property
    def head(self) -> int:
        """Width of a head."""
        return self.width // self.heads


class Transformer:
    """Draws tokens one after another from a GPT-2 of `shape`."""

    def __init__(self, shape: Shape | None = None, tokens: int = 96) -> None:
        """Make the weights and draw once; rounds draw `tokens` tokens each, at the end of a full cache."""
        self.shape, self.tokens = shape or Shape(), tokens
        self._rng = np.random.default_rng(0)
        size, width = self.shape, self.shape.width
        self._tokens, self._positions = self._weight(size.vocabulary, width), self._weight(size.positions, width)
        self._blocks = [self._block(width) for _ in range(size.layers)]
        self._last = (self._weight(width), self._weight(width))
        cached = (size.heads, size.cache, size.head)
        self._cache = [(tf.zeros(cached), tf.zeros(cached)) for _ in range(size.layers)]
        self._draw = tf.function(self._loop, autograph=False, jit_compile=True)
        self.round()

    @property
    def weights(self) -> int:
        """How many there are; the embedding of tokens serves as the last layer, too, as in GPT-2."""
        blocks = sum(int(tf.size(value)) for block in self._blocks for value in block.values())
        return blocks + sum(int(tf.size(value)) for value in (self._tokens, self._positions, *self._last))

    def round(self) -> float:
        """Draw tokens; how many came out a second."""
        noise = self._rng.gumbel(size=(self.tokens, self.shape.vocabulary)).astype(np.float32)
        started = time.perf_counter()
        self._draw(tf.constant(noise), self._cache).numpy()
        return self.tokens / (time.perf_counter() - started)

    def _weight(self, *shape: int) -> tf.Variable:
        return tf.Variable(self._rng.normal(0, 0.02, shape).astype(np.float32), trainable=False)

    def _block(self, width: int) -> dict[str, tf.Variable]:
        shapes = {
            "scale_1": (width,),
            "shift_1": (width,),
            "attend": (width, 3 * width),
            "attend_bias": (3 * width,),
            "attended": (width, width),
            "attended_bias": (width,),
            "scale_2": (width,),
            "shift_2": (width,),
            "widen": (width, 4 * width),
            "widen_bias": (4 * width,),
            "narrow": (4 * width, width),
            "narrow_bias": (width,),
        }
        return {name: self._weight(*shape) for name, shape in shapes.items()}

    def _loop(self, noise: tf.Tensor, cache: list) -> tf.Tensor:
        """Tokens int32 (count,), drawn by the largest of logits plus Gumbel `noise` (count, vocabulary)."""
        count = noise.shape[0]
        first = self.shape.cache - count  # where the piece stands: its tokens so far fill the cache up to here

        def body(index: tf.Tensor, token: tf.Tensor, cache: list, drawn: tf.Tensor) -> tuple:
            token, cache = self._step(token, first + index, noise[index], cache)
            return index + 1, token, cache, xla.dynamic_update_slice(drawn, token[None], index[None])

        start = (tf.constant(0), tf.constant(0), cache, tf.zeros(count, tf.int32))
        return tf.while_loop(lambda index, *_: index < count, body, start, maximum_iterations=count)[-1]

    def _step(self, token: tf.Tensor, place: tf.Tensor, noise: tf.Tensor, cache: list) -> tuple[tf.Tensor, list]:
        """The next token, and the cache with this one in it."""
        hidden = (tf.gather(self._tokens, token) + tf.gather(self._positions, place))[None]  # (1, width)
        unseen = tf.where(tf.range(self.shape.cache) <= place, 0.0, -1e9)
        after = []
        for block, kept in zip(self._blocks, cache, strict=True):
            found, kept = self._attended(
                block, _normal(hidden, block["scale_1"], block["shift_1"]), kept, place, unseen
            )
            hidden = hidden + found
            wide = tf.matmul(_normal(hidden, block["scale_2"], block["shift_2"]), block["widen"]) + block["widen_bias"]
            hidden = hidden + tf.matmul(tf.nn.gelu(wide, approximate=True), block["narrow"]) + block["narrow_bias"]
            after.append(kept)
        logits = tf.matmul(_normal(hidden, *self._last), self._tokens, transpose_b=True)[0]  # (vocabulary,)
        return tf.argmax(logits + noise, output_type=tf.int32), after

    def _attended(
        self, block: dict[str, tf.Variable], hidden: tf.Tensor, kept: tuple, place: tf.Tensor, unseen: tf.Tensor
    ) -> tuple[tf.Tensor, tuple]:
        """What attention adds (1, width), and keys and values with this token's."""
        size = self.shape
        query, *new = tf.split(tf.matmul(hidden, block["attend"]) + block["attend_bias"], 3, axis=-1)
        one = (size.heads, 1, size.head)
        at = tf.stack([0, place, 0])
        kept = tuple(
            xla.dynamic_update_slice(array, tf.reshape(part, one), at) for array, part in zip(kept, new, strict=True)
        )
        scores = tf.matmul(tf.reshape(query, one), kept[0], transpose_b=True) * size.head**-0.5 + unseen
        found = tf.reshape(tf.matmul(tf.nn.softmax(scores), kept[1]), (1, size.width))
        return tf.matmul(found, block["attended"]) + block["attended_bias"], kept


def _normal(hidden: tf.Tensor, scale: tf.Variable, shift: tf.Variable) -> tf.Tensor:
    """Layer normalisation (Ba et al. 2016)."""
    mean, variance = tf.nn.moments(hidden, -1, keepdims=True)
    return (hidden - mean) * tf.math.rsqrt(variance + 1e-5) * scale + shift
