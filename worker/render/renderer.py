"""What a renderer is: anything that turns a `Piece` into the bytes of one file.

A new renderer is one module with a class like this and one line in `registry.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from model.piece import Piece


@dataclass(frozen=True)
class RenderOptions:
    """What a renderer is told beside the piece: `seed_s` seconds of its start are the seed (0 = none)."""

    seed_s: float = 0.0
    title: str = ""


@dataclass(frozen=True)
class Rendered:
    """One file, and sentences for the member about what it does not hold."""

    data: bytes
    remarks: tuple[str, ...] = ()


class RenderError(Exception):
    """Raised when a piece cannot be rendered; `reason` is a clause that fits after 'could not be made: '."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Renderer(Protocol):
    """Makes one kind of file. One instance lives in each render process and renders one piece at a time."""

    name: str
    """What the member knows it by: 'The NAME could not be made.'"""
    content_type: str
    suffix: str
    """File name suffix with its dot."""

    def render(self, piece: Piece, options: RenderOptions) -> Rendered:
        """The whole file.

        Raises:
            RenderError: the piece or this machine does not allow it.
        """
        ...
