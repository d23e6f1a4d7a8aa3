"""The models that all servers share: a store of one's own over the bundles that come with the code."""

from __future__ import annotations

from model.bundles.bundle import Bundle
from model.bundles.store import BundleInfo, BundleStore


def shared_store(url: str | None) -> BundleStore:
    """The bundles at `url` and, for names that it does not have, the shipped ones; None = the shipped ones alone."""
    return BundleStore() if url is None else LayeredBundleStore(url)


class LayeredBundleStore(BundleStore):
    """Reads from its own store first and from the shipped bundles below it; everything is written to its own."""

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
            BundleError: the store cannot be read just now.
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
