"""The bundle store: named bundles with immutable versions, one of which is in use per name.

Versions are stored in `<store>/<name>/<version>/`. Putting a version in use replaces one small file atomically. The
store is an fsspec URL: a folder by default, `s3://…` when workers run on several machines. `version_pointers` has the
rules for names and versions. A layered store puts an own store over the shipped bundles.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import fsspec
from pydantic import ValidationError

from model.bundles.bundle import CARD, MANIFEST, Bundle, Card, read_manifest, unpack
from model.bundles.inspection import inspect
from model.bundles.version_pointers import CURRENT, NAME, VERSION, VersionPointers, check_name
from model.bundles.zip_format import read_zip, write_zip
from model.errors import BundleError
from model.files import replace_file

SHIPPED = Path(__file__).parent.parent / "shipped"  # the bundles in the repository
LARGEST_MANIFEST = 1 << 20  # bytes

__all__ = ["CURRENT", "NAME", "SHIPPED", "VERSION", "BundleInfo", "BundleStore", "VersionInfo", "open_bundle"]


@dataclass(frozen=True)
class VersionInfo:
    """One version of a bundle; `created_s` is a Unix time, or 0 if the store does not record it."""

    version: str
    card: Card
    created_s: float
    size_bytes: int
    is_current: bool
    was_current: bool


@dataclass(frozen=True)
class BundleInfo:
    """All versions of a name, oldest first; `current` is None if none is in use."""

    name: str
    current: str | None
    versions: tuple[VersionInfo, ...]


class BundleStore(VersionPointers):
    """Named bundles under one fsspec URL."""

    def __init__(self, url: str | Path = SHIPPED) -> None:
        super().__init__(url)

    def load(self, name: str, version: str | None = None) -> Bundle:
        """Load the version of `name` in use, or `version`.

        Raises:
            BundleError: it does not exist or does not match its manifest.
        """
        version = version or self.current(name)
        folder = self._path(name, version)
        if not VERSION.fullmatch(version) or not self._files.isdir(folder):
            raise BundleError(f"The model '{name}' has no version {version}.")
        return unpack(_files_in(self._files, folder, name), name)

    def add(self, name: str, files: dict[str, bytes]) -> str:
        """Add a packed bundle under `name` and return its version; it is not put in use.

        The manifest is written last and atomically, so an incomplete version has none and does not load. An existing
        version is left as it is.

        Raises:
            BundleError: `files` are not a bundle, or `name` is not a valid name.
        """
        check_name(name)
        version = unpack(files, name).version
        if self._files.exists(self._path(name, version, MANIFEST)):
            if self._files.cat_file(self._path(name, version, MANIFEST)) == files[MANIFEST]:
                self.load(name, version)  # raises if it is damaged
                return version
            raise BundleError(f"The model '{name}' already has a different version {version}: versions are immutable.")
        self._files.makedirs(self._path(name, version), exist_ok=True)
        for file in files.keys() - {MANIFEST}:
            self._files.pipe_file(self._path(name, version, file), files[file])
        self._write(self._path(name, version, MANIFEST), files[MANIFEST])
        return version

    def point(self, name: str, version: str) -> None:
        """Put `version` in use for `name`, atomically; the previous version goes into the history.

        Raises:
            BundleError: that version does not exist or does not match its manifest.
        """
        self.load(name, version)
        self._move(name, version)

    def rollback(self, name: str) -> str:
        """Put the previously used version of `name` back in use and return it; doing it twice undoes it.

        Raises:
            BundleError: there is no such bundle, or no previously used version exists any more.
        """
        current = self.current(name)
        before = [was.version for was in self.history(name) if was.version != current]
        if not before:
            raise BundleError(f"No earlier version of '{name}' was in use, so there is nothing to roll back to.")
        self.point(name, before[-1])
        return before[-1]

    def info(self, name: str) -> BundleInfo:
        """All versions of `name` with their cards; weights are not read.

        Raises:
            BundleError: there is no such bundle.
        """
        self._known(name)
        current = self._pointed(name)
        used = {was.version for was in self._past(name)}
        versions = [self._version_info(name, version, current, used) for version in self.complete_versions(name)]
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
        except NotImplementedError:  # not every file system records it
            created_s = 0.0
        is_current = version == current
        return VersionInfo(version, card, created_s, size, is_current, version in used and not is_current)

    def export(self, name: str, version: str | None = None) -> bytes:
        """The version of `name` in use, or `version`, as a zip; the same version gives the same bytes.

        Raises:
            BundleError: it does not exist or does not match its manifest.
        """
        bundle = self.load(name, version)
        return write_zip(_files_in(self._files, self._path(name, bundle.version), name))

    def import_(self, data: bytes, name: str) -> str:
        """Add an exported bundle under `name` and return its version; it is not put in use.

        `data` is untrusted: nothing in it is executed or unpickled, and nothing of a rejected file is stored.

        Raises:
            BundleError: it is not a bundle, damaged, too large or inconsistent.
        """
        check_name(name)
        files = read_zip(data)
        inspect(files, name)
        return self.add(name, files)


def _files_in(files: fsspec.AbstractFileSystem, folder: str, name: str) -> dict[str, bytes]:
    """The manifest in `folder` and the files it lists, none read beyond its stated size.

    Raises:
        BundleError: a file is missing, or the manifest is rejected.
    """

    def read(file: str, most: int) -> bytes:
        try:
            return bytes(files.cat_file(f"{folder}/{file}", start=0, end=most))
        except OSError as error:
            raise BundleError(f"Bundle '{name}' is incomplete: {file} is missing or cannot be read.") from error

    manifest = read(MANIFEST, LARGEST_MANIFEST)
    named = read_manifest(manifest, name).files
    # one byte more than stated, so that a file that is too long fails verification
    return {MANIFEST: manifest, **{file: read(file, entry.size + 1) for file, entry in named.items()}}


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files of the bundle in `folder`.

    Raises:
        BundleError: there is no bundle in `folder`.
    """
    if not (folder / MANIFEST).is_file():
        raise BundleError(f"There is no bundle in {folder}: name a folder that `train` wrote.")
    return _files_in(fsspec.filesystem("file"), str(folder), folder.name)


def write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Write a packed bundle into `folder`, the manifest last, so that an incomplete bundle is rejected."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(files, key=lambda name: name == MANIFEST):
        with replace_file(folder / name) as file:
            file.write(files[name])


def open_bundle(spec: str, store: BundleStore | None = None) -> Bundle:
    """The bundle in the folder `spec`, or else the bundle named `spec` in `store` (default: the shipped ones)."""
    folder = Path(spec)
    if (folder / MANIFEST).is_file():
        return unpack(read_folder(folder), folder.name)
    return (store or BundleStore()).load(spec)


def shared_store(url: str | None) -> BundleStore:
    """The bundles at `url`, and the shipped ones for names that it does not have; None: the shipped ones only."""
    return BundleStore() if url is None else LayeredBundleStore(url)


class LayeredBundleStore(BundleStore):
    """Reads from its own store first, then from the shipped bundles; writes to its own store only."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._own = BundleStore(url)
        self._below = BundleStore()

    def names(self) -> list[str]:
        """The names that point at a version in either layer, sorted."""
        return sorted({*self._own.names(), *self._below.names()})

    def all_names(self) -> list[str]:
        """The names that have a complete version in either layer, sorted."""
        return sorted({*self._own.all_names(), *self._below.all_names()})

    def current(self, name: str) -> str:
        """The version `name` points at.

        Raises:
            BundleError: when neither layer has such a bundle.
        """
        is_shipped = name not in self._own.names() and name in self._below.names()
        return self._below.current(name) if is_shipped else super().current(name)

    def versions(self) -> dict[str, str]:
        """The version that each name points at now; a name of its own hides the shipped one.

        Raises:
            BundleError: the store cannot be read at the moment.
        """
        return {**self._below.versions(), **self._own.versions()}

    def load(self, name: str, version: str | None = None) -> Bundle:
        """The bundle `name`, at the version it points at or at `version`, from the layer that has it.

        Raises:
            BundleError: when it is not there or fails its manifest.
        """
        version = version or self.current(name)
        is_shipped = version not in super().complete_versions(name) and version in self._below.complete_versions(name)
        return self._below.load(name, version) if is_shipped else super().load(name, version)

    def info(self, name: str) -> BundleInfo:
        """All versions of `name` in the layer that has it.

        Raises:
            BundleError: when there is no such bundle.
        """
        return super().info(name) if super().complete_versions(name) else self._below.info(name)

    def export(self, name: str, version: str | None = None) -> bytes:
        """The current version of `name`, or `version`, as one zip.

        Raises:
            BundleError: when it is not there or fails its manifest.
        """
        return super().export(name, version) if super().complete_versions(name) else self._below.export(name, version)
