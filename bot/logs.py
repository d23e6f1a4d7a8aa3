"""Logging to stderr, one line per record, with every secret blacked out.

discord.py's debug records hold the bot's token, and the addresses of its requests hold interaction tokens, with
which anyone may answer in the bot's name for 15 minutes. Tracebacks quote such addresses too, so the finished text
of a record is cleaned, not only its message.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
BLACKED_OUT = "[redacted]"

_PATTERNS = (
    (re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/?\s'\"]+"), rf"\1{BLACKED_OUT}"),
    (re.compile(r"(['\"]?(?:interaction_)?token['\"]?\s*[:=]\s*)(['\"])[^'\"]*\2"), rf"\1\2{BLACKED_OUT}\2"),
    (re.compile(r"(\bBot )[\w.\-]{20,}"), rf"\1{BLACKED_OUT}"),
    (re.compile(r"(\brediss?://[^:/@\s]*:)[^@\s]+(@)"), rf"\1{BLACKED_OUT}\2"),
)


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback included, and blacks out tokens and passwords."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__(FORMAT)
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        """The record's text without secrets."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, BLACKED_OUT)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text


def configure(level: str, secrets: Iterable[str]) -> None:
    """Send every record of at least `level` to stderr; none of `secrets` ever appears in it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
