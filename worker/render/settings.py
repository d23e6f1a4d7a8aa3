"""What may be set about rendering, from the environment; read by the pool and handed to its processes."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

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
