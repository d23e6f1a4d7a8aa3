"""Secrets from files: `DISCORD_TOKEN_FILE` names a file that holds what `DISCORD_TOKEN` would.

A source for pydantic-settings, used by the settings of the bot and of the queue. Docker and other orchestrators hand
secrets to containers as such files, so that they stand in no list of environment variables.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

LARGEST_BYTES = 64 * 1024


class SecretFiles(PydanticBaseSettingsSource):
    """Reads each of the variables `names` from the file that the variable with `_FILE` at the end names.

    An empty file counts as none, so that a deployment may always mount one. A secret in a file overrules the variable.
    """

    def __init__(self, settings_cls: type[BaseSettings], names: tuple[str, ...]) -> None:
        super().__init__(settings_cls)
        self._names = names

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The secret of one field, and its variable; the secret is None where no file is named.

        Raises:
            ValidationError: the file cannot be read. It names the variable, never what the file holds.
        """
        name = str(field.validation_alias)
        path = os.environ.get(f"{name}_FILE")
        return _read(Path(path), f"{name}_FILE") if path and name in self._names else None, name, False

    def __call__(self) -> dict[str, Any]:
        """The secrets that files give, by variable."""
        found = [self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items()]
        return {name: value for value, name, _ in found if value is not None}


def _read(path: Path, variable: str) -> str | None:
    text = None
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
        text = data.decode().strip() if len(data) <= LARGEST_BYTES else None
    except (OSError, UnicodeDecodeError):
        pass
    if text is None:
        problem = PydanticCustomError("secret_file", "it must name a small text file that this process may read")
        raise ValidationError.from_exception_data(
            "secrets", [InitErrorDetails(type=problem, loc=(variable,), input=None)]
        )
    return text or None
