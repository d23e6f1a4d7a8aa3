"""Names, versions and pointers of a bundle store; `store.BundleStore` adds the contents.

`<name>/<version>/…` is a version, complete once it has a manifest. `<name>/current` holds the version in use, and
`<name>/past` the versions used before, each with the Unix time at which it was replaced. `past` is written before the
pointer moves, so a process killed in between leaves a last line that names the current version; such a line is ignored.
The bundles of one Discord server are stored below `servers/<id>/` in the same way.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import fsspec

from model.bundles.bundle import MANIFEST
from model.errors import BundleError

CURRENT, PAST, SERVERS = "current", "past", "servers"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
VERSION = re.compile(r"[0-9a-f]{12}")
MOST_PAST = 1_000  # entries kept in `past`
LARGEST_ID = 1 << 64  # Discord server ids are smaller


@dataclass(frozen=True)
class PastVersion:
    """A version that was in use until a Unix time."""

    version: str
    until_s: int


class VersionPointers:
    """Names, versions and pointers under one fsspec URL."""

    def __init__(self, url: str | Path) -> None:
        self.url = str(url)
        self._files, self._root = fsspec.core.url_to_fs(self.url)

    def of_server(self, guild_id: int) -> Self:
        """The store of one Discord server, inside this one.

        Raises:
            BundleError: `guild_id` is not a valid server id.
        """
        if not 0 < guild_id < LARGEST_ID:
            raise BundleError(f"{guild_id} is not a server id.")
        return type(self)(f"{self.url.rstrip('/')}/{SERVERS}/{guild_id}")

    def servers(self) -> list[int]:
        """The ids of the servers that have a store here, ascending."""
        return sorted(int(name) for name in self._folders(SERVERS) if name.isascii() and name.isdigit())

    def names(self) -> list[str]:
        """Names with a version in use, sorted."""
        return [name for name in self._named() if self._files.exists(self._path(name, CURRENT))]

    def all_names(self) -> list[str]:
        """Names with at least one complete version, whether one is in use or not; sorted."""
        return [name for name in self._named() if self.complete_versions(name)]

    def _named(self) -> list[str]:
        return sorted(name for name in self._folders() if NAME.fullmatch(name) and name != SERVERS)

    def complete_versions(self, name: str) -> list[str]:
        """The complete versions of `name`, sorted; empty for an unknown name."""
        if not NAME.fullmatch(name) or name == SERVERS:
            return []
        versions = (version for version in self._folders(name) if VERSION.fullmatch(version))
        return sorted(version for version in versions if self._files.exists(self._path(name, version, MANIFEST)))

    def current(self, name: str) -> str:
        """The version of `name` that is in use.

        Raises:
            BundleError: there is no such bundle.
        """
        if not NAME.fullmatch(name) or not self._files.exists(self._path(name, CURRENT)):
            known = ", ".join(self.names()) or "none"
            raise BundleError(f"There is no model called '{name}'. Available: {known}.")
        version = self._pointed(name)
        if version is None:
            raise BundleError(f"No version of the model '{name}' is in use: publish it again.")
        return version

    def versions(self) -> dict[str, str]:
        """The version in use of every name that has one.

        Raises:
            BundleError: the store cannot be read at the moment.
        """
        self._files.invalidate_cache()  # remote file systems cache listings
        try:
            found = {name: self._pointed(name) for name in self.names()}
        except OSError as error:
            raise BundleError(f"The store of models at {self.url} cannot be read: {error}.") from error
        return {name: version for name, version in found.items() if version is not None}

    def history(self, name: str) -> list[PastVersion]:
        """The versions used before that still exist, newest last.

        Raises:
            BundleError: there is no such bundle.
        """
        self._known(name)
        kept, pointed = set(self.complete_versions(name)), self._pointed(name)
        past = [was for was in self._past(name) if was.version in kept]
        following = [*(was.version for was in past[1:]), pointed]  # replaced by itself means: not replaced
        return [was for was, after in zip(past, following, strict=False) if was.version != after]

    def candidates(self, name: str) -> list[str]:
        """The versions of `name` that were never in use, sorted.

        Raises:
            BundleError: there is no such bundle.
        """
        self._known(name)
        used = {was.version for was in self._past(name)} | {self._pointed(name)}
        return [version for version in self.complete_versions(name) if version not in used]

    def rename(self, old: str, new: str) -> None:
        """Rename a bundle with all its versions and its history.

        An interrupted rename can be repeated; it continues where it stopped.

        Raises:
            BundleError: there is no `old`, or `new` is taken or not a valid name.
        """
        self._known(old)
        check_name(new)
        if old == new or not self._is_free(new, old):
            raise BundleError(
                f"There is already a model called '{new}'. Choose another name, or delete that model first."
            )
        if "file" in self._files.protocol and not self._files.exists(self._path(new)):
            self._files.mv(self._path(old), self._path(new))  # atomic on a disk
            return
        for version in self.complete_versions(old):
            self._copy_version(self._path(old, version), self._path(new, version))
        for file in (PAST, CURRENT):
            if self._pointed(new) is None and self._files.exists(self._path(old, file)):
                self._write(self._path(new, file), self._files.cat_file(self._path(old, file)))
        self._forget(old)

    def _is_free(self, new: str, old: str) -> bool:
        """Whether `new` is unused, except for what an interrupted rename of `old` may have left."""
        pointed, aim = self._pointed(new), self._pointed(old)
        here, there = set(self.complete_versions(old)), set(self.complete_versions(new))
        is_copying = there <= here and pointed is None
        is_leaving = here <= there and pointed is not None and aim in (None, pointed)
        return is_copying or is_leaving

    def _copy_version(self, source: str, target: str) -> None:
        if self._files.exists(f"{target}/{MANIFEST}"):
            return
        self._files.makedirs(target, exist_ok=True)
        files = [str(path).rstrip("/").rsplit("/", 1)[-1] for path in self._files.ls(source, detail=False)]
        for file in files:
            if file != MANIFEST and not file.startswith("."):
                self._files.cp_file(f"{source}/{file}", f"{target}/{file}")
        self._write(f"{target}/{MANIFEST}", self._files.cat_file(f"{source}/{MANIFEST}"))

    def delete(self, name: str, version: str | None = None, even_current: bool = False) -> None:
        """Delete one version of `name`, or all of them.

        Args:
            name: of the bundle.
            version: the version; None for all.
            even_current: also delete a version in use that is not the only one. The version used before takes its
                place, or none if there is none.

        Raises:
            BundleError: it does not exist, or it is in use beside others and `even_current` is false.
        """
        if version is None:
            self._known(name, even_incomplete=True)
            self._forget(name)
            return
        self._known(name)
        kept = self.complete_versions(name)
        if version not in kept:
            raise BundleError(f"The model '{name}' has no version {version}.")
        if kept == [version]:
            self._forget(name)
            return
        if version == self._pointed(name):
            if not even_current:
                raise BundleError(
                    f"Version {version} of '{name}' is in use: promote another version first, or confirm the deletion."
                )
            self._leave(name, version)
        self._remove_version(name, version)

    def _leave(self, name: str, version: str) -> None:
        before = [was.version for was in self.history(name) if was.version != version]
        if before:
            self._move(name, before[-1])
        else:
            self._files.rm_file(self._path(name, CURRENT))

    def _forget(self, name: str) -> None:
        """Delete a name completely: the pointer first, so that it never points to a partly deleted version."""
        if self._files.exists(self._path(name, CURRENT)):
            self._files.rm_file(self._path(name, CURRENT))
        for version in self.complete_versions(name):
            self._remove_version(name, version)
        if self._files.exists(self._path(name)):
            self._files.rm(self._path(name), recursive=True)

    def _remove_version(self, name: str, version: str) -> None:
        self._files.rm_file(self._path(name, version, MANIFEST))  # first: without it the rest does not load
        if self._files.exists(self._path(name, version)):
            self._files.rm(self._path(name, version), recursive=True)

    def _known(self, name: str, even_incomplete: bool = False) -> None:
        self._files.invalidate_cache()
        is_there = bool(self.complete_versions(name)) or (even_incomplete and name in self._named())
        if not is_there:
            known = ", ".join(self.all_names()) or "none"
            raise BundleError(f"There is no model called '{name}'. Available: {known}.")

    def _move(self, name: str, version: str) -> None:
        """Put the complete `version` in use, after recording the previous one in `past`."""
        left = self._pointed(name)
        if left == version:
            return
        if left is not None:
            past = [*self._past(name), PastVersion(left, int(time.time()))][-MOST_PAST:]
            self._write(self._path(name, PAST), "".join(f"{was.until_s} {was.version}\n" for was in past).encode())
        self._write(self._path(name, CURRENT), f"{version}\n".encode())

    def _past(self, name: str) -> list[PastVersion]:
        """The entries of `past`, without a last line left by an interrupted move."""
        path = self._path(name, PAST)
        lines = self._files.cat_file(path).decode(errors="replace").splitlines() if self._files.exists(path) else []
        rows = [re.fullmatch(r"([0-9]{1,12}) ([0-9a-f]{12})", line) for line in lines]
        past = [PastVersion(row[2], int(row[1])) for row in rows if row]
        pointed = self._pointed(name)
        while past and past[-1].version == pointed:
            past.pop()
        return past

    def _pointed(self, name: str) -> str | None:
        path = self._path(name, CURRENT)
        if not self._files.exists(path):
            return None
        version = self._files.cat_file(path).decode(errors="replace").strip()
        return version if VERSION.fullmatch(version) else None

    def _write(self, path: str, data: bytes) -> None:
        """Replace a small file atomically."""
        folder, _, file = path.rpartition("/")
        temporary = f"{folder}/.{file}.new"
        self._files.pipe_file(temporary, data)
        self._files.mv(temporary, path)

    def _folders(self, *parts: str) -> list[str]:
        """The names in a folder; empty if it does not exist."""
        path = self._path(*parts) if parts else self._root
        if not self._files.isdir(path):
            return []
        return [str(inside).rstrip("/").rsplit("/", 1)[-1] for inside in self._files.ls(path, detail=False)]

    def _path(self, *parts: str) -> str:
        return "/".join([self._root.rstrip("/"), *parts])


def check_name(name: str) -> None:
    """Check that `name` is a valid bundle name.

    Raises:
        BundleError: it is not.
    """
    if not NAME.fullmatch(name) or name == SERVERS:
        raise BundleError(f"'{name}' can't be a model's name. Names: up to 32 lowercase letters, digits, - and _.")
