"""From a request to a finished piece.

From the request to the network and back:

compose         from a request to a finished piece, with one bundle
options         what a piece is to be: mode, length, controls, sampling parameters; plain data
tasks           what is to be drawn for each mode, and what becomes of the result
conditions      controls, density and length; what the member left open is sampled from the training set's frequencies
seeds           parts of a seed, on a clock of its own
seed_encoding   a seed as the network reads it, and the new notes as the seed writes them
joining         seed and new music as one piece, and who plays the new notes
finishing       the limit of sounding notes, track names, key signature
control_checks  which of the controls asked for the finished piece has, and what it misses

Drawing notes:

step            the law of a step: features, stack, heads, masks, processors, plan, draw
processors      logits processors: pace, beat, key, ensemble, repetition penalty
pointer         the logits processor that takes up again what was played before
sampler         temperature, top-k, top-p, min-p
plan            notes given beforehand, or a template to fill in
decoder         decoder states: before the first step, or after a seed
engine          slots and threads: pieces join and leave between two chunks
weights         a network's numbers as compiled code reads them; a piece's memory, a thread's scratch
recurrent       LSTM, GRU and look-back for one piece
kernels         products of a row and a matrix in machine code
keras_stack     other stacks, and any stack on a GPU, carried out by Keras for all slots
"""

from typing import TYPE_CHECKING

from model.generation.options import MODES, ComposeOptions, Mode, SamplingParameters

if TYPE_CHECKING:
    from model.generation.compose import Composer, Composition
    from model.generation.engine import SLOTS, Chunk, Drawing, Engine, Handle, Progress, Request

__all__ = [
    "MODES",
    "SLOTS",
    "Chunk",
    "ComposeOptions",
    "Composer",
    "Composition",
    "Drawing",
    "Engine",
    "Handle",
    "Mode",
    "Progress",
    "Request",
    "SamplingParameters",
]


def __getattr__(name: str) -> object:
    """Import TensorFlow and numba only where music is drawn: a request can be made and checked without them."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(name)
    module = "compose" if name in ("Composer", "Composition") else "engine"
    return getattr(import_module(f"model.generation.{module}"), name)
