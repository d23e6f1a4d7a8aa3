"""How notes are drawn: from a network, what is asked and a random seed to the steps of a piece.

step        the law of a step: features, stack, heads, masks, processors, plan, draw
processors  logits processors: pace, beat, key, ensemble, repetition penalty
pointer     the logits processor that takes up again what was played before
sampler     temperature, top-k, top-p, min-p
parameters  sampling parameters as plain numbers
plan        notes given beforehand, or a template to fill in
decoder     where a piece stands before its first step, or after a seed
engine      slots and threads: pieces join and leave between two chunks
requests    what an engine is asked to draw, and what it gives back
weights     a network's numbers as compiled code reads them; a piece's memory, a thread's scratch
kernels     products and recurrent layers in machine code
keras_stack other stacks, and any stack on a GPU, carried out by Keras for all slots
"""

from typing import TYPE_CHECKING

from model.generation.parameters import SamplingParameters

if TYPE_CHECKING:
    from model.generation.engine import SLOTS, Engine
    from model.generation.requests import Chunk, Drawing, Handle, Progress, Request

__all__ = ["SLOTS", "Chunk", "Drawing", "Engine", "Handle", "Progress", "Request", "SamplingParameters"]


def __getattr__(name: str) -> object:
    """Import TensorFlow and numba only where music is drawn."""
    from importlib import import_module

    module = "engine" if name in ("Engine", "SLOTS") else "requests" if name in __all__ else ""
    if not module:
        raise AttributeError(name)
    return getattr(import_module(f"model.generation.{module}"), name)
