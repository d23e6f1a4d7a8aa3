"""Where bundles live: `<store>/<name>/<version>/…` and `<store>/<name>/current`, which names the version in use.

A version is never changed once it is there. Pointing a name at a version replaces one small file, so every reader sees
the old version or the new one. The store is an fsspec URL: a folder by default, `s3://…` where workers run on many
machines.
"""

from __future__ import annotations

import re
from pathlib import Path

import fsspec

from model.bundles.bundle import MANIFEST, Bundle, read_manifest, unpack
from model.errors import BundleError
from model.files import replace_file

SHIPPED = Path(__file__).parent.parent / "shipped"  # the bundles that come with the code
CURRENT = "current"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
VERSION = re.compile(r"[0-9a-f]{12}")
LARGEST_MANIFEST = 1 << 20  # bytes


class BundleStore:
    """Named bundles under one fsspec URL."""

    def __init__(self, url: str | Path = SHIPPED) -> None:
        self.url = str(url)
        self._files, self._root = fsspec.core.url_to_fs(self.url)

    def names(self) -> list[str]:
        """The names that point at a version, sorted."""
        if not self._files.isdir(self._root):
            return []
        folders = (path.rstrip("/").rsplit("/", 1)[-1] for path in self._files.ls(self._root, detail=False))
        return sorted(
            name for name in folders if NAME.fullmatch(name) and self._files.exists(self._path(name, CURRENT))
        )

    def current(self, name: str) -> str:
        """The version `name` points at.

        Raises:
            BundleError: when there is no such bundle.
        """
        if not NAME.fullmatch(name) or not self._files.exists(self._path(name, CURRENT)):
            known = ", ".join(self.names()) or "none"
            raise BundleError(f"There is no model called '{name}'. These are here: {known}.")
        version = self._files.cat_file(self._path(name, CURRENT)).decode().strip()
        if not VERSION.fullmatch(version):
            raise BundleError(f"The model '{name}' points at no version: publish it again.")
        return version

    def versions(self) -> dict[str, str]:
        """The version that each name points at now, whoever published it; a name that points at none is left out.

        Raises:
            BundleError: the store cannot be read just now.
        """
        self._files.invalidate_cache()  # stores far away keep lists of what they have seen
        try:
            found = {name: self._files.cat_file(self._path(name, CURRENT)).decode().strip() for name in self.names()}
        except OSError as error:
            raise BundleError(f"The store of models at {self.url} cannot be read: {error}.") from error
        return {name: version for name, version in found.items() if VERSION.fullmatch(version)}

    def load(self, name: str, version: str | None = None) -> Bundle:
        """The bundle `name`, at the version it points at or at `version`.

        Raises:
            BundleError: when it is not there or fails its manifest.
        """
        version = version or self.current(name)
        folder = self._path(name, version)
        if not VERSION.fullmatch(version) or not self._files.isdir(folder):
            raise BundleError(f"The model '{name}' has no version {version}.")
        return unpack(_files_in(self._files, folder, name), name)

    def add(self, name: str, files: dict[str, bytes]) -> str:
        """Keep a packed bundle under `name` and return its version; `name` does not point at it yet.

        The manifest is written last: a version without one was never completed and does not load.
        """
        if not NAME.fullmatch(name):
            raise BundleError(f"'{name}' cannot name a model: use up to 32 of a-z, 0-9, '-' and '_'.")
        version = unpack(files, name).version
        self._files.makedirs(self._path(name, version), exist_ok=True)
        for file in sorted(files, key=lambda file: file == MANIFEST):
            self._files.pipe_file(self._path(name, version, file), files[file])
        return version

    def point(self, name: str, version: str) -> None:
        """Let `name` mean `version` from now on, in one stroke."""
        self.load(name, version)
        temporary = self._path(name, f".{CURRENT}.{version}")
        self._files.pipe_file(temporary, f"{version}\n".encode())
        self._files.mv(temporary, self._path(name, CURRENT))

    def _path(self, *parts: str) -> str:
        return "/".join([self._root.rstrip("/"), *parts])


def _files_in(files: fsspec.AbstractFileSystem, folder: str, name: str) -> dict[str, bytes]:
    """The manifest in `folder` and the files it names, none read further than the manifest says it goes.

    Raises:
        BundleError: a file is not there, or the manifest is refused.
    """

    def read(file: str, most: int) -> bytes:
        try:
            return bytes(files.cat_file(f"{folder}/{file}", start=0, end=most))
        except OSError as error:
            raise BundleError(f"Bundle '{name}' is incomplete: {file} is missing or cannot be read.") from error

    manifest = read(MANIFEST, LARGEST_MANIFEST)
    named = read_manifest(manifest, name).files
    # one byte more than there should be, so that a file that goes on is found to be another
    return {MANIFEST: manifest, **{file: read(file, entry.size + 1) for file, entry in named.items()}}


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files of the bundle in `folder`, those its manifest names.

    Raises:
        BundleError: when `folder` holds no bundle.
    """
    if not (folder / MANIFEST).is_file():
        raise BundleError(f"There is no bundle in {folder}: name a folder that `train` wrote.")
    return _files_in(fsspec.filesystem("file"), str(folder), folder.name)


def write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Write a packed bundle into `folder`; the manifest last, so that a half-written bundle is refused, not used."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(files, key=lambda name: name == MANIFEST):
        with replace_file(folder / name) as file:
            file.write(files[name])


def open_bundle(spec: str, store: BundleStore | None = None) -> Bundle:
    """The bundle in the folder `spec`, else the one called `spec` in `store` (the shipped ones by default)."""
    folder = Path(spec)
    if (folder / MANIFEST).is_file():
        return unpack(read_folder(folder), folder.name)
    return (store or BundleStore()).load(spec)
