"""The sampling engine: many pieces drawn side by side from one network, each as if it were alone.

requests     what an engine is asked to draw, and what it gives back while it draws
engine       slots and the thread that draws; pieces join and leave between two chunks
processor    slots on a CPU: programs, memory, threads
accelerator  slots on a device of TensorFlow's
tracing      the law of one step as a graph, traced once
lowering     from the graph to a program
operations   what the graph's operations do, carried out at once
assembly     instructions one by one
walking      how two loops walk several operands at once
placing      where their results lie
program      what the machine executes
machine      carries programs out
codes        instructions by number
elementwise  what they do: to elements
reductions   along an axis
moving       when they move elements
recurrent    LSTM, GRU and look-back, built into the machine
layout       the numbers of a recurrent stack, and what the slots remember of it
sharing      products of a piece that is alone, made by several threads
atomics      words that pass between threads
matmul       a few rows times weights that never change
kernels      its innermost loops, for the processor at hand
arithmetic   exp, sigmoid and tanh as vectors
compiling    machine code, kept on disk
"""

from typing import TYPE_CHECKING

from model.engine.requests import Chunk, Drawing, Request, Standing, Ticket

if TYPE_CHECKING:
    from model.engine.engine import SLOTS, Engine

__all__ = ["SLOTS", "Chunk", "Drawing", "Engine", "Request", "Standing", "Ticket"]


def __getattr__(name: str) -> object:
    """Import TensorFlow and numba only where music is drawn."""
    if name in ("Engine", "SLOTS"):
        from model.engine import engine

        return getattr(engine, name)
    raise AttributeError(name)
