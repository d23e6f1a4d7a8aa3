"""The life of bundles in a store: which versions a name has and had, where it points, how it moves and ends.

`<name>/<version>/…` is a version, complete once its manifest is there; `<name>/current` names the one in use, and
`<name>/past` those that were in use before, each with the second since 1970 in which it was left. The past is written
before the pointer moves: whoever is killed in between leaves a last line that names what is still current, and such a
line does not count. Bundles of one Discord server lie below `servers/<id>/` by the same rules. What is in a bundle is
no matter here.
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
MOST_PAST = 1_000  # lines that are kept of what was current
LARGEST_ID = 1 << 64  # of a Discord server


@dataclass(frozen=True)
class WasCurrent:
    """A version that a name pointed at, until a second since 1970."""

    version: str
    until_s: int


class BundleLife:
    """Names, versions and pointers under one fsspec URL."""

    def __init__(self, url: str | Path) -> None:
        self.url = str(url)
        self._files, self._root = fsspec.core.url_to_fs(self.url)

    def of_server(self, guild_id: int) -> Self:
        """The store of one Discord server, inside this one.

        Raises:
            BundleError: `guild_id` cannot be the number of a server.
        """
        if not 0 < guild_id < LARGEST_ID:
            raise BundleError(f"{guild_id} is no number of a server.")
        return type(self)(f"{self.url.rstrip('/')}/{SERVERS}/{guild_id}")

    def servers(self) -> list[int]:
        """The servers that have a store in this one, rising."""
        return sorted(int(name) for name in self._folders(SERVERS) if name.isascii() and name.isdigit())

    def names(self) -> list[str]:
        """The names that point at a version, sorted."""
        return [name for name in self._named() if self._files.exists(self._path(name, CURRENT))]

    def all_names(self) -> list[str]:
        """The names that have a complete version, whether they point at one or not; sorted."""
        return [name for name in self._named() if self.kept(name)]

    def _named(self) -> list[str]:
        return sorted(name for name in self._folders() if NAME.fullmatch(name) and name != SERVERS)

    def kept(self, name: str) -> list[str]:
        """The complete versions of `name`, sorted; none for a name that nobody knows."""
        if not NAME.fullmatch(name) or name == SERVERS:
            return []
        versions = (version for version in self._folders(name) if VERSION.fullmatch(version))
        return sorted(version for version in versions if self._files.exists(self._path(name, version, MANIFEST)))

    def current(self, name: str) -> str:
        """The version `name` points at.

        Raises:
            BundleError: when there is no such bundle.
        """
        if not NAME.fullmatch(name) or not self._files.exists(self._path(name, CURRENT)):
            known = ", ".join(self.names()) or "none"
            raise BundleError(f"There is no model called '{name}'. These are here: {known}.")
        version = self._pointed(name)
        if version is None:
            raise BundleError(f"The model '{name}' points at no version: publish it again.")
        return version

    def versions(self) -> dict[str, str]:
        """The version that each name points at now, whoever published it; a name that points at none is left out.

        Raises:
            BundleError: the store cannot be read just now.
        """
        self._files.invalidate_cache()  # stores far away keep lists of what they have seen
        try:
            found = {name: self._pointed(name) for name in self.names()}
        except OSError as error:
            raise BundleError(f"The store of models at {self.url} cannot be read: {error}.") from error
        return {name: version for name, version in found.items() if version is not None}

    def history(self, name: str) -> list[WasCurrent]:
        """The versions that were current before and are still here, newest last.

        Raises:
            BundleError: when there is no such bundle.
        """
        self._known(name)
        kept, pointed = set(self.kept(name)), self._pointed(name)
        past = [was for was in self._past(name) if was.version in kept]
        following = [*(was.version for was in past[1:]), pointed]  # what was left for itself was not left
        return [was for was, after in zip(past, following, strict=False) if was.version != after]

    def candidates(self, name: str) -> list[str]:
        """The versions that `name` never pointed at, sorted.

        Raises:
            BundleError: when there is no such bundle.
        """
        self._known(name)
        used = {was.version for was in self._past(name)} | {self._pointed(name)}
        return [version for version in self.kept(name) if version not in used]

    def rename(self, old: str, new: str) -> None:
        """Let what is called `old` be called `new`, with all its versions and its past.

        Done again after it was cut short, it goes on where it stood.

        Raises:
            BundleError: when there is no `old`, or `new` is taken or cannot name a bundle.
        """
        self._known(old)
        check_name(new)
        if old == new or not self._is_free(new, old):
            raise BundleError(f"There is a model called '{new}' already: choose another name, or delete that one.")
        if "file" in self._files.protocol and not self._files.exists(self._path(new)):
            self._files.mv(self._path(old), self._path(new))  # one stroke on a disk
            return
        for version in self.kept(old):
            self._copy_version(self._path(old, version), self._path(new, version))
        for file in (PAST, CURRENT):
            if self._pointed(new) is None and self._files.exists(self._path(old, file)):
                self._write(self._path(new, file), self._files.cat_file(self._path(old, file)))
        self._forget(old)

    def _is_free(self, new: str, old: str) -> bool:
        """Whether nothing is called `new` but what a rename of `old` that was cut short may have left."""
        pointed, aim = self._pointed(new), self._pointed(old)
        here, there = set(self.kept(old)), set(self.kept(new))
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
        """Delete one version of `name`, or the name with all it has.

        Args:
            name: of the bundle.
            version: which one; None for all.
            even_current: delete it even if it is the current one of several; the name then points at the version that
                was current before, or at none where there was none.

        Raises:
            BundleError: when it is not there, or is the current one of several and nobody said `even_current`.
        """
        if version is None:
            self._known(name, even_half=True)
            self._forget(name)
            return
        self._known(name)
        kept = self.kept(name)
        if version not in kept:
            raise BundleError(f"The model '{name}' has no version {version}.")
        if kept == [version]:
            self._forget(name)
            return
        if version == self._pointed(name):
            if not even_current:
                raise BundleError(
                    f"{version} is what '{name}' means now: promote another version first, or say that it may go."
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
        """Delete everything of a name: the pointer first, so that nothing half-deleted is ever meant."""
        if self._files.exists(self._path(name, CURRENT)):
            self._files.rm_file(self._path(name, CURRENT))
        for version in self.kept(name):
            self._remove_version(name, version)
        if self._files.exists(self._path(name)):
            self._files.rm(self._path(name), recursive=True)

    def _remove_version(self, name: str, version: str) -> None:
        self._files.rm_file(self._path(name, version, MANIFEST))  # first: what is left does not load
        if self._files.exists(self._path(name, version)):
            self._files.rm(self._path(name, version), recursive=True)

    def _known(self, name: str, even_half: bool = False) -> None:
        self._files.invalidate_cache()
        is_there = bool(self.kept(name)) or (even_half and name in self._named())
        if not is_there:
            known = ", ".join(self.all_names()) or "none"
            raise BundleError(f"There is no model called '{name}'. These are here: {known}.")

    def _move(self, name: str, version: str) -> None:
        """Point at `version`, which is complete; what was current goes into the past first."""
        left = self._pointed(name)
        if left == version:
            return
        if left is not None:
            past = [*self._past(name), WasCurrent(left, int(time.time()))][-MOST_PAST:]
            self._write(self._path(name, PAST), "".join(f"{was.until_s} {was.version}\n" for was in past).encode())
        self._write(self._path(name, CURRENT), f"{version}\n".encode())

    def _past(self, name: str) -> list[WasCurrent]:
        """What the file says, without a last line that a move announced and never came to."""
        path = self._path(name, PAST)
        lines = self._files.cat_file(path).decode(errors="replace").splitlines() if self._files.exists(path) else []
        rows = [re.fullmatch(r"([0-9]{1,12}) ([0-9a-f]{12})", line) for line in lines]
        past = [WasCurrent(row[2], int(row[1])) for row in rows if row]
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
        """Replace a small file in one stroke."""
        folder, _, file = path.rpartition("/")
        temporary = f"{folder}/.{file}.new"
        self._files.pipe_file(temporary, data)
        self._files.mv(temporary, path)

    def _folders(self, *parts: str) -> list[str]:
        """The last parts of what lies in a folder; none where it is not there."""
        path = self._path(*parts) if parts else self._root
        if not self._files.isdir(path):
            return []
        return [str(inside).rstrip("/").rsplit("/", 1)[-1] for inside in self._files.ls(path, detail=False)]

    def _path(self, *parts: str) -> str:
        return "/".join([self._root.rstrip("/"), *parts])


def check_name(name: str) -> None:
    """Refuse what cannot name a bundle.

    Raises:
        BundleError: when it cannot.
    """
    if not NAME.fullmatch(name) or name == SERVERS:
        raise BundleError(f"'{name}' cannot name a model: use up to 32 of a-z, 0-9, '-' and '_'.")
