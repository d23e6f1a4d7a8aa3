"""The picture renderer: a piano roll as PNG."""

from __future__ import annotations

from model.pictures.piano_roll import piano_roll
from model.piece import Piece
from worker.render.renderer import Rendered, RenderError, RenderOptions
from worker.render.settings import RenderSettings


class PictureRenderer:
    """Makes the PNG, 2000 x 840 pixels."""

    name = "picture"
    content_type = "image/png"
    suffix = ".png"

    def __init__(self, settings: RenderSettings) -> None:
        """Nothing of `settings` concerns the picture."""

    def render(self, piece: Piece, options: RenderOptions) -> Rendered:
        """The piano roll.

        Raises:
            RenderError: there are no notes.
        """
        if not len(piece):
            raise RenderError("the piece has no notes")
        return Rendered(piano_roll(piece, options.seed_s, options.title))
