"""What may be set about the web page, from the environment."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class WebSettings(BaseSettings):
    """Each field is an environment variable with the prefix `CADENZA_WEB_`."""

    model_config = SettingsConfigDict(env_prefix="CADENZA_WEB_", env_ignore_empty=True, frozen=True)

    host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 in a container")
    port: int = Field(default=8430, ge=1, le=65535)
    enabled: bool = Field(default=True, description="off: the page says that it is closed, and takes no pieces")
    pieces_per_hour: int = Field(default=20, ge=1, description="pieces that one address may ask for in an hour")
    upload_limit_bytes: int = Field(default=2**20, ge=1024, le=16 * 2**20, description="largest MIDI file")
    proxies: int = Field(
        default=0, ge=0, le=5, description="reverse proxies in front; that many of X-Forwarded-For's last are believed"
    )
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
