"""`python -m web`: serves the web page until SIGTERM or Ctrl-C.

Exit codes: 0 after a clean end, 2 when a setting is missing or wrong.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web
from dotenv import load_dotenv
from pydantic import ValidationError

from jobs import JobClient, JobSettings
from web.server import CLIENT, application
from web.settings import WebSettings

END_LIMIT_S = 4.0


def main() -> int:
    """Serve the page; the exit code."""
    load_dotenv(Path(".env"))
    try:
        settings, jobs = WebSettings(), JobSettings()  # type: ignore[call-arg]  # the environment gives them
    except ValidationError as error:
        for one in error.errors(include_input=False):
            print(f"{'.'.join(map(str, one['loc']))}: {one['msg']}", file=sys.stderr)
        return 2
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    app = application(JobClient(jobs), settings)
    app.cleanup_ctx.append(_closing)
    web.run_app(app, host=settings.host, port=settings.port, shutdown_timeout=END_LIMIT_S, access_log=None)
    return 0


async def _closing(app: web.Application) -> AsyncIterator[None]:
    yield
    await app[CLIENT].close()


if __name__ == "__main__":
    sys.exit(main())
