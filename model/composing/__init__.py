"""From a request to a finished piece.

options     what a piece is to be: mode, length, controls, taste; plain data
composer    from a request to a finished piece, with one bundle
assignment  what is to be done for each mode
hearing     what a model hears of a seed, and where on the seed's clock that stands
unasked     what nobody asked for, drawn as often as real music has it
density     how dense it is to be, as asked or as its seed
length      how long the piece is to be, in the time units of its representation
plans       what `vary` and `accompany` give the sampler beforehand
performing  chunk after chunk, watched and stoppable
joining     seed and new music as one piece
casting     which program is drawn for each instrument that is asked for
recasting   a seed as the network knows such music, and the new notes as the seed has it
fulfilment  which of the controls asked for the finished piece has, and what it misses
polyphony   no more notes at once than an instrument can hold
key_signatures  the signature of new music whose key is known
tracks      names for the tracks of new music
seeds       parts of a seed, on a clock of its own
players     who plays the new notes beside a seed
"""

from typing import TYPE_CHECKING

from model.composing.options import MODES, ComposeOptions, Mode

if TYPE_CHECKING:
    from model.composing.composer import Composer, Composition

__all__ = ["MODES", "ComposeOptions", "Composer", "Composition", "Mode"]


def __getattr__(name: str) -> object:
    """Import TensorFlow only when something is to be composed: a request can be made and checked without it."""
    if name in ("Composer", "Composition"):
        from model.composing import composer

        return getattr(composer, name)
    raise AttributeError(name)
