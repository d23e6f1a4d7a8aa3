"""What `python -m bot doctor` and `python -m worker doctor` have in common: findings, their report, files and disks.

A finding is one sentence and, where something is wrong, a second one that says how to mend it. The checks of Redis are
in `redis_checks`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import fsspec
from fsspec.implementations.local import LocalFileSystem
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from jobs.settings import JobSettings

LOW_BYTES = 1 << 30  # free on a disk; below it writing will soon fail
GIB = 1 << 30

Settings = TypeVar("Settings", bound=BaseSettings)


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"  # it works, and could be safer or faster
    PROBLEM = "problem"  # something will not work


@dataclass(frozen=True)
class Finding:
    """What one check found; `mend` says what to do and is empty where nothing is wrong."""

    check: str
    level: Level
    sentence: str
    mend: str = ""


def ok(check: str, sentence: str) -> Finding:
    """Nothing is wrong."""
    return Finding(check, Level.OK, sentence)


def warning(check: str, sentence: str, mend: str) -> Finding:
    """It works, and could be safer or faster."""
    return Finding(check, Level.WARNING, sentence, mend)


def problem(check: str, sentence: str, mend: str) -> Finding:
    """Something will not work until it is mended."""
    return Finding(check, Level.PROBLEM, sentence, mend)


def report(findings: Sequence[Finding], as_json: bool) -> int:
    """Write the findings to standard output, as lines or as one JSON object; the exit status, 1 with a problem."""
    is_well = all(finding.level is not Level.PROBLEM for finding in findings)
    if as_json:
        text = json.dumps({"ok": is_well, "findings": [asdict(finding) for finding in findings]}, indent=1)
    else:
        width = max((len(finding.check) for finding in findings), default=0)
        lines = [f"{one.level:8} {one.check:{width}}  {one.sentence} {one.mend}".rstrip() for one in findings]
        counts = {level: sum(one.level is level for one in findings) for level in Level}
        text = "\n".join([*lines, ", ".join(f"{count} {level}" for level, count in counts.items())])
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()  # a worker ends without what Python does at its end
    return 0 if is_well else 1


def read_settings(kind: Callable[[], Settings], found: list[Finding]) -> Settings | None:
    """The settings of `kind` from the environment; where they cannot be read, `found` gets a problem for each."""
    try:
        return kind()
    except ValidationError as error:
        found += [_wrong_setting(kind, detail["loc"], detail["type"], detail["msg"]) for detail in error.errors()]
        return None


def _wrong_setting(kind: object, place: tuple[int | str, ...], what: str, why: str) -> Finding:
    name = str(place[0]) if place else "a setting"
    fields = getattr(kind, "model_fields", {})
    if name in fields and fields[name].validation_alias is None:
        name = f"{getattr(kind, 'model_config', {}).get('env_prefix', '')}{name}"
    name = name.upper()
    is_missing = what == "missing"
    sentence = f"{name} is not set." if is_missing else f"{name} cannot be used: {why.rstrip('.')}."
    return problem("settings", sentence, f"Set {name} as .env.example says.")


def check_files(settings: JobSettings) -> list[Finding]:
    """Whether the file store can be written, read and deleted from, and whether its disk has room."""
    where = f"the file store {settings.files}"
    data = secrets.token_bytes(64)
    step = "opened"
    try:
        files, root = fsspec.core.url_to_fs(settings.files)
        path = f"{root.rstrip('/')}/doctor-{secrets.token_hex(8)}"
        step = "written"
        files.makedirs(root, exist_ok=True)
        files.pipe_file(path, data)
        step = "read"
        is_same = bytes(files.cat_file(path)) == data
        step = "deleted"
        files.rm_file(path)
    except Exception as error:  # noqa: BLE001 - each file system has errors of its own beside OSError
        return [
            problem(
                "files",
                f"A file cannot be {step} in {where}: {_reason(error)}.",
                f"Give user {_user()} all rights there, or name another place in CADENZA_FILES.",
            )
        ]
    if not is_same:
        return [problem("files", f"What was written to {where} is read back as something else.", "Check its disk.")]
    found = [ok("files", f"Files can be written, read and deleted in {where}.")]
    if isinstance(files, LocalFileSystem):
        found += check_disk("files disk", Path(root), settings.files_limit_mib << 20)
    return found


def check_folder(check: str, folder: Path, setting: str) -> list[Finding]:
    """Whether files can be written to `folder`, which is made if need be, and whether its disk has room."""
    path = folder / f"doctor-{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"doctor")
        path.unlink()
    except OSError as error:
        mend = f"Give user {_user()} the right to write there, or name another folder in {setting}."
        return [problem(check, f"The folder {folder} cannot be written to: {_reason(error)}.", mend)]
    return [ok(check, f"The folder {folder} can be written to."), *check_disk(f"{check} disk", folder)]


def check_disk(check: str, folder: Path, needed_bytes: int = 0) -> list[Finding]:
    """Whether the disk of `folder` has `LOW_BYTES` free, and `needed_bytes` with what is there already."""
    usage = shutil.disk_usage(folder)
    free = f"{usage.free / GIB:.1f} GiB"
    if usage.free < LOW_BYTES:
        mend = "Delete what is not needed, or move it to a larger disk."
        return [problem(check, f"The disk of {folder} has only {free} free.", mend)]
    if usage.total < needed_bytes:
        return [
            warning(
                check,
                f"The disk of {folder} is {usage.total / GIB:.0f} GiB large, and files may grow to "
                f"{needed_bytes / GIB:.0f} GiB there.",
                "Set CADENZA_JOBS_FILES_LIMIT_MIB below the size of the disk.",
            )
        ]
    return [ok(check, f"The disk of {folder} has {free} free.")]


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (text or type(error).__name__).rstrip(".")


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "of this process"
