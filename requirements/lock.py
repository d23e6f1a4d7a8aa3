"""Writes the pinned lists of this folder: what pyproject.toml asks for, and all that this needs in turn.

Run by `make lock` with the interpreter of an environment in which the wanted versions are installed; they become the
pins. Neither an address nor a hash is written, so that the lists work with any package index.
"""

from __future__ import annotations

import sys
import tomllib
from collections import deque
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

FOLDER = Path(__file__).resolve().parent
PROJECT = "cadenza"
LISTS = {  # each with the lists it builds upon
    "bot": (),
    "worker": (),
    "sandbox": (),
    "train": (),
    "dev": ("bot", "worker", "sandbox"),
}
NEEDS = {"train": "torch"}  # left as it is where this is not installed
ELSEWHERE = tuple(
    {"python_version": version, "python_full_version": f"{version}.0", "sys_platform": system, "platform_system": name}
    for version in ("3.11", "3.12", "3.13")
    for system, name in (("linux", "Linux"), ("darwin", "Darwin"))
)


def direct(project: dict, group: str | None) -> list[Requirement]:
    """The requirements that pyproject.toml names for `group` (None: for everyone), groups it refers to included."""
    texts = project["dependencies"] if group is None else project["optional-dependencies"][group]
    found = []
    for requirement in map(Requirement, texts):
        if requirement.name == PROJECT:
            found += [inner for extra in sorted(requirement.extras) for inner in direct(project, extra)]
        else:
            found.append(requirement)
    return found


def closure(wanted: list[Requirement]) -> dict[str, str]:
    """Lines by canonical name: every wanted requirement and what it needs, at the installed versions."""
    lines: dict[str, str] = {}
    waiting = deque((requirement, "") for requirement in wanted)  # nearest first: pyproject.toml has the first word
    while waiting:
        requirement, extra = waiting.popleft()
        name = canonicalize_name(requirement.name)
        if name in lines or not _applies(requirement, {"extra": extra}):
            continue
        if not _applies(requirement, {"extra": extra, **_here()}):
            lines[name] = _named_pin(requirement)
            continue
        lines[name] = f"{name}=={Version(metadata.version(name)).public}{_marker(requirement)}"
        for text in metadata.requires(name) or []:
            waiting += [(Requirement(text), inner) for inner in ("", *sorted(requirement.extras))]
    return lines


def _here() -> dict[str, str]:
    return {"python_version": f"{sys.version_info.major}.{sys.version_info.minor}", "sys_platform": sys.platform}


def _applies(requirement: Requirement, environment: dict[str, str]) -> bool:
    """Whether it is needed in `environment`, or, where that names no system, on any that Cadenza runs on."""
    if requirement.marker is None:
        return True
    places = [environment] if "sys_platform" in environment else [environment | place for place in ELSEWHERE]
    return any(requirement.marker.evaluate(place) for place in places)


def _marker(requirement: Requirement) -> str:
    """Only what pyproject.toml itself restricts to a system stays restricted."""
    marker = str(requirement.marker or "")
    return f" ; {marker}" if "sys_platform" in marker and "extra" not in marker else ""


def _named_pin(requirement: Requirement) -> str:
    """A pin that is not for this system, so that nothing installed can tell its version: pyproject.toml must."""
    pins = [specifier for specifier in requirement.specifier if specifier.operator == "=="]
    if not pins:
        raise SystemExit(f"{requirement} is needed elsewhere but not installed here: pin it with == in pyproject.toml.")
    return f"{canonicalize_name(requirement.name)}{pins[0]} ; {requirement.marker}"


def main() -> None:
    """Write every list."""
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text())["project"]
    everyone = direct(project, None)
    written: dict[str, dict[str, str]] = {}
    for group, below in LISTS.items():
        if group in NEEDS and not any(metadata.distributions(name=NEEDS[group])):
            sys.stderr.write(f"{group}.txt stays as it is: {NEEDS[group]} is not installed (make train installs it)\n")
            continue
        lines = closure(everyone + direct(project, group))
        known = {name for lower in below for name in written[lower]}
        written[group] = {name: line for name, line in lines.items() if name not in known}
        head = [f"# Group `{group}` of pyproject.toml with all it needs; written by `make lock`."]
        head += [f"-r {lower}.txt" for lower in below]
        body = [line for _, line in sorted(written[group].items())]
        (FOLDER / f"{group}.txt").write_text("\n".join([*head, *body]) + "\n")


if __name__ == "__main__":
    main()
