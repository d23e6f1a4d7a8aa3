"""From a request to a finished piece.

options   what a piece is to be: mode, length, controls, taste; plain data
composer  prime on the seed, draw in chunks, put seed and new music together
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
