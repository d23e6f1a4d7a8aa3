"""The errors that the local Discord answers with: to a bot as Discord's JSON, to a person at the page as a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class ErrorKind(NamedTuple):
    """An HTTP status, Discord's error code and its message."""

    status: int
    code: int
    message: str


NOT_FOUND = ErrorKind(404, 0, "404: Not Found")
BAD_GATEWAY = ErrorKind(502, 0, "502: Bad Gateway")
UNAUTHORIZED = ErrorKind(401, 0, "401: Unauthorized")
RATE_LIMITED = ErrorKind(429, 0, "You are being rate limited.")
UNKNOWN_CHANNEL = ErrorKind(404, 10003, "Unknown Channel")
UNKNOWN_GUILD = ErrorKind(404, 10004, "Unknown Guild")
UNKNOWN_MESSAGE = ErrorKind(404, 10008, "Unknown Message")
UNKNOWN_USER = ErrorKind(404, 10013, "Unknown User")
UNKNOWN_WEBHOOK = ErrorKind(404, 10015, "Unknown Webhook")
UNKNOWN_INTERACTION = ErrorKind(404, 10062, "Unknown interaction")
UNKNOWN_COMMAND = ErrorKind(404, 10063, "Unknown application command")
WRONG_APPLICATION = ErrorKind(403, 20012, "You are not authorized to perform this action on this application")
TOO_LARGE = ErrorKind(413, 40005, "Request entity too large")
ALREADY_ACKNOWLEDGED = ErrorKind(400, 40060, "Interaction has already been acknowledged.")
MISSING_ACCESS = ErrorKind(403, 50001, "Missing Access")
FOREIGN_MESSAGE = ErrorKind(403, 50005, "Cannot edit a message authored by another user")
EMPTY_MESSAGE = ErrorKind(400, 50006, "Cannot send an empty message")
MISSING_PERMISSIONS = ErrorKind(403, 50013, "Missing Permissions")
INVALID_WEBHOOK_TOKEN = ErrorKind(401, 50027, "Invalid Webhook Token")
INVALID_RECIPIENT = ErrorKind(400, 50033, "Invalid Recipient(s)")
INVALID_FORM = ErrorKind(400, 50035, "Invalid Form Body")
INVALID_JSON = ErrorKind(400, 50109, "The request body contains invalid JSON.")

FieldError = tuple[tuple[str | int, ...], str, str]  # the path to the field, a code, a sentence


class DiscordError(Exception):
    """Refuses a request. `errors` are nested as the body is; `extra` is added to the JSON of the answer."""

    def __init__(
        self,
        kind: ErrorKind,
        errors: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(kind.message)
        self.kind = kind
        self.errors = errors
        self.headers = dict(headers or {})
        self._extra = dict(extra or {})

    def to_json(self) -> dict[str, Any]:
        """The body of the answer."""
        body: dict[str, Any] = {"message": self.kind.message, "code": self.kind.code, **self._extra}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


def invalid_form(errors: Iterable[FieldError]) -> DiscordError:
    """`50035 Invalid Form Body` with its errors nested as the body is."""
    nested: dict[str, Any] = {}
    for path, code, message in errors:
        place = nested
        for key in path:
            place = place.setdefault(str(key), {})
        place.setdefault("_errors", []).append({"code": code, "message": message})
    return DiscordError(INVALID_FORM, nested)


class ClientRefusalError(Exception):
    """Something a person at the page asks for is not sent to the bot; `sentence` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class PortInUseError(Exception):
    """The page can be served on none of the ports tried."""
