"""The renderers there are. The parent needs only the names; a render process imports what they stand for."""

from __future__ import annotations

from importlib import import_module

from worker.render.renderer import Renderer
from worker.render.settings import RenderSettings

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
