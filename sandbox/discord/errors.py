"""The errors Discord answers with: an HTTP status, a code of its own and a sentence, as JSON.

Handlers raise `DiscordError`; the REST middleware turns it into the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class DiscordError(Exception):
    """What a request is refused with: HTTP `status`, Discord's `code`, the `message`, and nested field errors."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        errors: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors
        self.headers = dict(headers or {})

    def to_json(self) -> dict[str, Any]:
        """The body of the answer."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


FieldError = tuple[tuple[str | int, ...], str, str]  # path to the field, code, sentence


def plain(status: int, reason: str) -> DiscordError:
    """An error without a code of its own, such as `404: Not Found`."""
    return DiscordError(status, 0, f"{status}: {reason}")


def invalid_form(found: Iterable[FieldError]) -> DiscordError:
    """`50035 Invalid Form Body` with its errors nested as the body is."""
    nested: dict[str, Any] = {}
    for path, code, message in found:
        place = nested
        for key in path:
            place = place.setdefault(str(key), {})
        place.setdefault("_errors", []).append({"code": code, "message": message})
    return DiscordError(400, 50035, "Invalid Form Body", nested)


def unauthorized() -> DiscordError:
    """The `Authorization` header does not hold the bot's token."""
    return plain(401, "Unauthorized")


def unknown_channel() -> DiscordError:
    """No such channel."""
    return DiscordError(404, 10003, "Unknown Channel")


def unknown_guild() -> DiscordError:
    """No such guild."""
    return DiscordError(404, 10004, "Unknown Guild")


def unknown_message() -> DiscordError:
    """No such message, or one that this caller cannot see."""
    return DiscordError(404, 10008, "Unknown Message")


def unknown_user() -> DiscordError:
    """No such user."""
    return DiscordError(404, 10013, "Unknown User")


def unknown_webhook() -> DiscordError:
    """No such webhook, or an interaction that was not answered yet."""
    return DiscordError(404, 10015, "Unknown Webhook")


def unknown_interaction() -> DiscordError:
    """No such interaction, or the 3 s for its answer are over."""
    return DiscordError(404, 10062, "Unknown interaction")


def already_acknowledged() -> DiscordError:
    """A second answer to one interaction."""
    return DiscordError(400, 40060, "Interaction has already been acknowledged.")


def invalid_webhook_token() -> DiscordError:
    """The interaction's token is over 15 minutes old, or was never given."""
    return DiscordError(401, 50027, "Invalid Webhook Token")


def too_large() -> DiscordError:
    """A file, or the whole request, is above the upload limit."""
    return DiscordError(413, 40005, "Request entity too large")


def missing_access() -> DiscordError:
    """The bot cannot see the channel."""
    return DiscordError(403, 50001, "Missing Access")


def missing_permissions() -> DiscordError:
    """The bot sees the channel but may not do this in it."""
    return DiscordError(403, 50013, "Missing Permissions")


def foreign_message() -> DiscordError:
    """Only the author edits a message."""
    return DiscordError(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> DiscordError:
    """A message needs content, an embed, a file or a component."""
    return DiscordError(400, 50006, "Cannot send an empty message")
