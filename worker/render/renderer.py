"""The interface of a renderer, what it may raise, the list of renderers, and `RenderSettings`.

A new renderer is a class that implements `Renderer`, and a line in `RENDERERS`. The worker uses the names only; render
processes import the classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Protocol

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from model.piece import Piece


@dataclass(frozen=True)
class RenderOptions:
    """Options of a renderer: the first `seed_s` seconds of the piece are the seed (0: no seed)."""

    seed_s: float = 0.0
    title: str = ""


@dataclass(frozen=True)
class Rendered:
    """A file, and sentences for the member about what it leaves out."""

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
    """Makes one kind of file. Each render process has one instance, which renders one piece at a time."""

    name: str
    """Used in the sentence 'The NAME could not be made.'"""
    content_type: str
    suffix: str
    """File name suffix with its dot."""

    def render(self, piece: Piece, options: RenderOptions) -> Rendered:
        """The bytes of the file.

        Raises:
            RenderError: the piece cannot be rendered, or not on this machine.
        """
        ...


RENDERERS = {
    "audio": "worker.render.media:AudioRenderer",
    "picture": "worker.render.media:PictureRenderer",
}


def load_renderers(settings: RenderSettings) -> dict[str, Renderer]:
    """An instance of each renderer, by name."""
    return {name: _load(path, settings) for name, path in RENDERERS.items()}


def _load(path: str, settings: RenderSettings) -> Renderer:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)(settings)


Engine = Literal["auto", "fluidsynth", "tinysoundfont", "midirenderer"]


class RenderSettings(BaseSettings):
    """Rendering's settings; every field is an environment variable with the prefix `CADENZA_`."""

    model_config = SettingsConfigDict(env_prefix="CADENZA_", env_ignore_empty=True, frozen=True, extra="forbid")

    soundfont: Path | None = Field(
        default=None, description="SF2 file to play with; the one inside pretty_midi's wheel where unset"
    )
    audio_engine: Engine = Field(default="auto", description="auto = the first of the others that is installed")
    mp3_kbps: int = Field(
        default=256, ge=64, le=320, description="highest bit rate of any moment; a piano takes 90, an orchestra 160"
    )
    max_audio_s: float = Field(
        default=600.0, ge=10, le=3600, description="longest audio in seconds; of a longer piece the end is played"
    )
    render_timeout_s: float = Field(
        default=60.0, gt=0, description="seconds a process may take over one file; the piece then goes without it"
    )
    render_processes: int = Field(default=2, ge=1, le=8, description="processes kept warm by one worker")

    @property
    def soundfont_path(self) -> Path:
        """The SoundFont to play with; it may turn out not to exist, which the audio renderer says."""
        return self.soundfont or bundled_soundfont()


def bundled_soundfont() -> Path:
    """Where pretty_midi keeps TimGM6mb.sf2 (GPL-2, 128 programs and drum kits, 6 MB); pretty_midi is not imported."""
    spec = find_spec("pretty_midi")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    return folder / "TimGM6mb.sf2"
