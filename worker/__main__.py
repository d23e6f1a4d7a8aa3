"""`python -m worker`: one warm worker process; SIGTERM or Ctrl-C ends it within five seconds.

`python -m worker doctor` checks the set-up instead.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

import redis
from pydantic import ValidationError

from jobs import logs
from jobs.settings import JobSettings
from model import devices
from model.errors import ModelError
from model.midi.isolated_reading import reading_pool
from worker.model_loader import BundleLoader, EmptyModelLoader, ModelLoader
from worker.monitoring import PortTakenError
from worker.process import announce_start, run
from worker.render import RenderPool
from worker.render.renderer import RenderSettings
from worker.settings import WorkerSettings

log = logging.getLogger("worker")

EXIT_HUNG = 70


def main() -> int:
    """Run the process; the exit status is 0 after a clean end, 1 when it could not start, 70 when a job hung."""
    if sys.argv[1:2] == ["doctor"]:
        from worker import doctor  # late: workers do not need it

        return doctor.main(sys.argv[2:])
    logs.configure("INFO")
    try:
        settings, job_settings, render_settings = WorkerSettings(), JobSettings(), RenderSettings()  # type: ignore[call-arg]
    except ValidationError as error:
        return _refuse("; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()))
    logs.configure("INFO", job_settings.secrets)
    renderer = RenderPool(render_settings)
    reading_pool().warm_up()
    try:
        announce_start(settings, job_settings)
        was_asked = run(settings, job_settings, _loader(settings), renderer)
        return 0 if was_asked else EXIT_HUNG
    except (ModelError, PortTakenError) as error:
        return _refuse(error.sentence)
    except redis.RedisError as error:
        return _refuse(f"Redis cannot be used: {str(error).rstrip('.')}. Check REDIS_URL and that the server runs.")
    except KeyboardInterrupt:
        log.info("ended before it was ready")
        return 0
    finally:
        renderer.close()
        reading_pool().close()


def _loader(settings: WorkerSettings) -> ModelLoader:
    if "compose" not in settings.slots_of:
        return EmptyModelLoader()
    device = devices.choose(settings.device)
    return BundleLoader(settings.store, settings.default_model, device, settings.slots, settings.server_store)


def _refuse(sentence: str) -> int:
    log.error("the worker cannot start. %s", sentence)
    return 1


def _leave(status: int) -> NoReturn:
    """End the process now: all is settled, and Python would spend seconds on taking TensorFlow apart."""
    logging.shutdown()
    os._exit(status)


if __name__ == "__main__":
    _leave(main())
