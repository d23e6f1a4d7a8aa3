"""Where bundles live: `<store>/<name>/<version>/…` and `<store>/<name>/current`, which names the version in use.

A version is never changed once it is there. Pointing a name at a version replaces one small file, so every reader sees
the old version or the new one. The store is an fsspec URL: a folder by default, `s3://…` where workers run on many
machines. How names and versions come and go is in `life`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import fsspec
from pydantic import ValidationError

from model.bundles.bundle import CARD, MANIFEST, Bundle, read_manifest, unpack
from model.bundles.card import Card
from model.bundles.exchange import opened, zipped
from model.bundles.inspection import inspect
from model.bundles.life import CURRENT, NAME, VERSION, BundleLife, check_name
from model.errors import BundleError
from model.files import replace_file

SHIPPED = Path(__file__).parent.parent / "shipped"  # the bundles that come with the code
LARGEST_MANIFEST = 1 << 20  # bytes

__all__ = ["CURRENT", "NAME", "SHIPPED", "VERSION", "BundleInfo", "BundleStore", "VersionInfo", "open_bundle"]


@dataclass(frozen=True)
class VersionInfo:
    """One version of a bundle; `created_s` is in seconds since 1970, 0 where the store does not tell."""

    version: str
    card: Card
    created_s: float
    size_bytes: int
    is_current: bool
    was_current: bool


@dataclass(frozen=True)
class BundleInfo:
    """All versions of a name, the oldest first; `current` is None for one that points at none yet."""

    name: str
    current: str | None
    versions: tuple[VersionInfo, ...]


class BundleStore(BundleLife):
    """Named bundles under one fsspec URL."""

    def __init__(self, url: str | Path = SHIPPED) -> None:
        super().__init__(url)

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

        The manifest is written last and in one stroke: a version without one was never completed and does not load. A
        version that is there already stays as it is.

        Raises:
            BundleError: `files` are no bundle, or `name` cannot name one.
        """
        check_name(name)
        version = unpack(files, name).version
        if self._files.exists(self._path(name, version, MANIFEST)):
            if self._files.cat_file(self._path(name, version, MANIFEST)) == files[MANIFEST]:
                self.load(name, version)  # complete, or the reason why not
                return version
            raise BundleError(f"The model '{name}' has another version {version}: versions are never changed.")
        self._files.makedirs(self._path(name, version), exist_ok=True)
        for file in files.keys() - {MANIFEST}:
            self._files.pipe_file(self._path(name, version, file), files[file])
        self._write(self._path(name, version, MANIFEST), files[MANIFEST])
        return version

    def point(self, name: str, version: str) -> None:
        """Let `name` mean `version` from now on, in one stroke; what it meant before goes into its history.

        Raises:
            BundleError: when that version is not there or fails its manifest.
        """
        self.load(name, version)
        self._move(name, version)

    def rollback(self, name: str) -> str:
        """Let `name` mean again what it meant before, and return that version; done twice, it is undone.

        Raises:
            BundleError: when there is no such bundle, or nothing that it meant before is still here.
        """
        current = self.current(name)
        before = [was.version for was in self.history(name) if was.version != current]
        if not before:
            raise BundleError(f"The model '{name}' has no version that was in use before: promote one by its number.")
        self.point(name, before[-1])
        return before[-1]

    def info(self, name: str) -> BundleInfo:
        """All versions of `name` with their cards; no weights are read.

        Raises:
            BundleError: when there is no such bundle.
        """
        self._known(name)
        current = self._pointed(name)
        used = {was.version for was in self._past(name)}
        versions = [self._version_info(name, version, current, used) for version in self.kept(name)]
        return BundleInfo(name, current, tuple(sorted(versions, key=lambda one: (one.created_s, one.version))))

    def _version_info(self, name: str, version: str, current: str | None, used: set[str]) -> VersionInfo:
        path = self._path(name, version, MANIFEST)
        try:
            manifest = read_manifest(self._files.cat_file(path, start=0, end=LARGEST_MANIFEST), name)
            size = sum(entry.size for entry in manifest.files.values())
            most = manifest.files[CARD].size + 1
            card = Card.model_validate_json(self._files.cat_file(self._path(name, version, CARD), start=0, end=most))
        except (OSError, KeyError, ValidationError) as error:
            raise BundleError(f"Version {version} of the model '{name}' is damaged: delete it.") from error
        try:
            created_s = self._files.modified(path).timestamp()
        except NotImplementedError:  # not every store keeps it
            created_s = 0.0
        is_current = version == current
        return VersionInfo(version, card, created_s, size, is_current, version in used and not is_current)

    def export(self, name: str, version: str | None = None) -> bytes:
        """The current version of `name`, or `version`, as one zip; the same version gives the same bytes.

        Raises:
            BundleError: when it is not there or fails its manifest.
        """
        bundle = self.load(name, version)
        return zipped(_files_in(self._files, self._path(name, bundle.version), name))

    def import_(self, data: bytes, name: str) -> str:
        """Keep a bundle that was exported, under `name`, and return its version; `name` does not point at it yet.

        `data` may be anybody's: nothing in it is run or unpickled, and nothing is kept of what is refused.

        Raises:
            BundleError: it is no bundle, damaged, larger than may be, or does not hold together.
        """
        check_name(name)
        files = opened(data)
        inspect(files, name)
        return self.add(name, files)


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
