"""`python -m worker doctor`: checks a worker's settings, Redis, files, models, device and rendering.

It renders one note in a render process as the worker does, and reads every bundle in use against its manifest.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from jobs.doctor import Finding, check_files, check_folder, ok, problem, read_settings, report, warning
from jobs.redis_checks import check_redis
from jobs.settings import JobSettings
from model import devices
from model.errors import BundleError
from model.midi import write_midi
from model.piece import NOTE, Piece, table
from worker.render import RenderPool
from worker.render.renderer import RenderSettings
from worker.settings import WorkerSettings

MANY_SECONDS = 120.0  # to start a render process and render a note on a busy machine
SOUNDFONT_HEAD = 12  # bytes: RIFF, a size, sfbk


def main(arguments: Sequence[str]) -> int:
    """Check and report; the exit status: 0, or 1 with a problem."""
    parser = argparse.ArgumentParser(prog="python -m worker doctor", description="Check a worker's set-up.")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    return report(examine(), parser.parse_args(arguments).json)


def examine() -> list[Finding]:
    """All findings."""
    found: list[Finding] = []
    worker, render = read_settings(WorkerSettings, found), read_settings(RenderSettings, found)
    jobs = read_settings(JobSettings, found)  # type: ignore[arg-type]
    if worker and render and jobs:
        found.append(ok("settings", "Every setting can be read."))
    if jobs:
        found += check_redis(jobs)
        found += check_files(jobs)
    if worker:
        found += check_folder("library", worker.library, "CADENZA_LIBRARY")
    if worker and "compose" in worker.slots_of:
        found += check_bundles(worker)
        found += check_device(worker.device)
        found += check_rendering(render) if render else []
    return found


def check_bundles(settings: WorkerSettings) -> list[Finding]:
    """Whether every model in use is complete and as its manifest says, and the default model is among them."""
    from model.bundles import shared_store  # late: it loads Keras, which takes seconds

    try:
        store = shared_store(settings.store)
        versions = store.versions()
    except Exception as error:  # noqa: BLE001 - each file system has errors of its own beside OSError
        mend = "Check that CADENZA_STORE names a folder or bucket that this worker may read."
        return [problem("models", f"The store {settings.store} cannot be read: {error}.".replace("..", "."), mend)]
    found = []
    for name, version in versions.items():
        try:
            store.load(name, version)
        except BundleError as error:
            mend = (
                f"Publish it again, or put another version in use: python -m model bundles rollback {name} --store …"
                if settings.store
                else "Install Cadenza again: a file that comes with it was changed."
            )
            found.append(problem("models", error.sentence, mend))
    if settings.default_model not in versions:
        known = ", ".join(sorted(versions)) or "none"
        sentence = f"There is no model {settings.default_model}, which CADENZA_DEFAULT_MODEL names."
        found.append(problem("models", sentence, f"Set it to one of these: {known}."))
    return found or [ok("models", f"{len(versions)} models match their manifests: {', '.join(sorted(versions))}.")]


def check_device(wish: str, there: devices.DeviceList | None = None) -> list[Finding]:
    """Whether the device that was asked for is `there`; None asks TensorFlow, which takes seconds to load."""
    if wish == "cpu":
        return [ok("device", "Models compute on the CPU, as CADENZA_WORKER_DEVICE says.")]
    device = devices.choose(wish, there)
    if device.warning is not None:
        sentence, _, mend = device.warning.partition(". ")
        return [problem("device", f"{sentence}.", mend)]
    return [ok("device", f"Models compute on {device.name}.")]


def check_rendering(settings: RenderSettings) -> list[Finding]:
    """Whether the SoundFont is one, and a note becomes an MP3 and a picture."""
    path = settings.soundfont_path
    if not path.is_file():
        return [_soundfont(f"There is no SoundFont at {path}.")]
    try:
        if not _is_soundfont(path):
            return [_soundfont(f"{path} is not a SoundFont (SF2).")]
    except OSError as error:
        return [_soundfont(f"The SoundFont {path} cannot be read: {error.strerror}.")]
    pool = RenderPool(settings.model_copy(update={"render_processes": 1, "render_timeout_s": MANY_SECONDS}))
    try:
        rendering = pool.render(write_midi(Piece(notes=table(NOTE, [(0, 200, 60, 90, 0)]))), timeout_s=MANY_SECONDS)
    finally:
        pool.close()
    found = [
        problem("rendering", remark, "Install FluidSynth (Debian: libfluidsynth3), or set CADENZA_AUDIO_ENGINE=auto.")
        for remark in rendering.remarks
    ]
    if found:
        return found
    seconds = ", ".join(f"{name} in {rendering.timings[name]:.1f} s" for name in rendering.files)
    slow = rendering.timings.get("audio", 0.0) > 5.0
    made = f"A note was rendered with {path.name}: {seconds}."
    if slow:
        return [warning("rendering", made, "Install FluidSynth (Debian: libfluidsynth3), which is faster.")]
    return [ok("rendering", made)]


def _is_soundfont(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(SOUNDFONT_HEAD)
    return head[:4] == b"RIFF" and head[8:] == b"sfbk"


def _soundfont(sentence: str) -> Finding:
    return problem(
        "soundfont", sentence, "Name an SF2 file in CADENZA_SOUNDFONT, or leave it out for the one supplied."
    )
