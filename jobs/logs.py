"""Logging to stderr for the bot, the workers and their render processes: one line a record, as text or as JSON.

`CADENZA_LOG_FORMAT=json` makes every record one JSON object with the id of the job it is about. Every secret is blacked
out: discord.py's debug records hold the bot's token, and the addresses of its requests hold interaction tokens, with
which anyone may answer in the bot's name for 15 minutes. Tracebacks quote such addresses too, so the finished text of
a record is cleaned, not only its message. Importing this module loads the standard library only.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
VARIABLE = "CADENZA_LOG_FORMAT"
BLACKED_OUT = "[redacted]"
SHORTEST_SECRET = 4  # shorter ones would black out ordinary words

_PATTERNS = (
    (re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/?\s'\"]+"), rf"\1{BLACKED_OUT}"),
    (re.compile(r"(['\"]?(?:interaction_)?token['\"]?\s*[:=]\s*)(['\"])[^'\"]*\2"), rf"\1\2{BLACKED_OUT}\2"),
    (re.compile(r"(\bBot )[\w.\-]{20,}"), rf"\1{BLACKED_OUT}"),
    (re.compile(r"(\brediss?://[^:/@\s]*:)[^@\s]+(@)"), rf"\1{BLACKED_OUT}\2"),
)
_job_id: ContextVar[str | None] = ContextVar("job_id", default=None)


def set_job(job_id: str | None) -> None:
    """Let the records of this task or thread carry the id of a job from now on; None = of no job."""
    _job_id.set(job_id)


def current_job() -> str | None:
    """The id of the job that the records of this task or thread carry."""
    return _job_id.get()


@contextlib.contextmanager
def about_job(job_id: str | None) -> Iterator[None]:
    """Let the records of this task or thread carry the id of a job inside the block."""
    before = _job_id.set(job_id)
    try:
        yield
    finally:
        _job_id.reset(before)


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback included, and blacks out tokens and passwords."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__(FORMAT)
        self._secrets = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]

    def format(self, record: logging.LogRecord) -> str:
        """The record's text without secrets."""
        return self.cleaned(super().format(record))

    def cleaned(self, text: str) -> str:
        """`text` without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, BLACKED_OUT)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text


class JsonFormatter(RedactingFormatter):
    """Formats a record as one JSON object on one line: time (UTC), level, logger, message, job_id, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's JSON without secrets; fields that say nothing are left out."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": self.cleaned(record.getMessage()),
            "job_id": current_job(),
            "traceback": self.cleaned(self.formatException(record.exc_info)) if record.exc_info else None,
        }
        return json.dumps({name: value for name, value in said.items() if value is not None}, ensure_ascii=False)


def configure(level: str, secrets: Iterable[str] = ()) -> None:
    """Send every record of at least `level` to stderr, in the form of `CADENZA_LOG_FORMAT`.

    None of `secrets` ever appears in it. Python's warnings, and an error that ends the process, become records, too.
    """
    is_json = os.environ.get(VARIABLE, "") == "json"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((JsonFormatter if is_json else RedactingFormatter)(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(is_json)
    if is_json:
        sys.excepthook = _log_the_end


def _log_the_end(kind: type[BaseException], error: BaseException, trace: object) -> None:
    logging.getLogger("main").critical("this process ends with an error", exc_info=error)
