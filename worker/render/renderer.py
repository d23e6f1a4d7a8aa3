"""The renderers: each turns a `Piece` into the bytes of one file.

A new renderer is a module with a class that meets `Renderer`, and one line in `RENDERERS`. The worker needs only the
names; a render process imports the classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from model.piece import Piece
from worker.render.settings import RenderSettings


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


class EngineMissingError(Exception):
    """Raised when a synthesizer, or the library it needs, is not on this machine."""


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


RENDERERS = {
    "audio": "worker.render.audio:AudioRenderer",
    "picture": "worker.render.picture:PictureRenderer",
}


def load_renderers(settings: RenderSettings) -> dict[str, Renderer]:
    """One instance of every renderer, by name."""
    return {name: _load(path, settings) for name, path in RENDERERS.items()}


def _load(path: str, settings: RenderSettings) -> Renderer:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)(settings)
