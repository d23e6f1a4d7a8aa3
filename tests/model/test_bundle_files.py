"""The files of a bundle, from a store that others write to: only what its manifest names is read, and no further."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest

from model.bundles import BundleStore, Card, open_bundle
from model.bundles.bundle import LARGEST_BYTES
from model.errors import BundleError
from model.network import NetworkConfig

CARD = Card(title="Tiny", description="untrained", data="none", licence="MIT")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def a_manifest(files: dict[str, tuple[int, str]]) -> bytes:
    """A manifest of files by name, each a size and a hash, whose version fits them."""
    version = sha256("\n".join(f"{name} {digest}" for name, (_, digest) in sorted(files.items())).encode())[:12]
    entries = {name: {"size": size, "sha256": digest} for name, (size, digest) in files.items()}
    return json.dumps({"format": 1, "version": version, "files": entries}).encode()


def packed(weights: bytes | None = None) -> dict[str, bytes]:
    """A bundle of one array of weights, as a network would never have it: nothing here builds one."""
    if weights is None:
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **{"000": np.arange(4, dtype=np.float16)})
        weights = file.getvalue()
    files = {
        "weights.npz": weights,
        "config.json": NetworkConfig().model_dump_json().encode(),
        "card.json": CARD.model_dump_json().encode(),
        "history.json": b"[]",
    }
    manifest = a_manifest({name: (len(data), sha256(data)) for name, data in files.items()})
    return {**files, "manifest.json": manifest}


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    store = BundleStore(tmp_path)
    store.point("tiny", store.add("tiny", packed()))
    return store


def folder_of(store: BundleStore) -> Path:
    return Path(store.url) / "tiny" / store.current("tiny")


def test_a_bundle_comes_back_as_it_was_added(store):
    bundle = store.load("tiny")
    assert (bundle.name, bundle.card, bundle.version) == ("tiny", CARD, store.current("tiny"))
    np.testing.assert_array_equal(bundle.weights[0], [0, 1, 2, 3])
    assert open_bundle(str(folder_of(store))).version == bundle.version


@pytest.mark.parametrize("file", ["weights.npz", "config.json", "card.json", "history.json"])
def test_a_file_that_grew_shrank_or_went_away_is_refused(store, file):
    path = folder_of(store) / file
    whole = path.read_bytes()
    for damaged in (whole + b"x" * 1000, whole[:-1], whole[:-1] + b"\7"):
        path.write_bytes(damaged)
        with pytest.raises(BundleError, match=f"damaged: {file}"):
            store.load("tiny")
    path.unlink()
    with pytest.raises(BundleError, match=f"incomplete: {file} is missing"):
        store.load("tiny")


def test_what_the_manifest_does_not_name_is_not_read(store, monkeypatch):
    (folder_of(store) / "notes.txt").write_bytes(b"what somebody left here")
    read = []
    cat_file = type(store._files).cat_file
    monkeypatch.setattr(
        type(store._files), "cat_file", lambda self, path, **span: read.append(path) or cat_file(self, path, **span)
    )
    store.load("tiny")
    assert len(read) == 6  # the pointer, the manifest, the four that it names
    assert not any("notes" in path for path in read)


@pytest.mark.parametrize("name", ["../../secret.json", "/etc/passwd", ".hidden", "a/b", ""])
def test_a_manifest_cannot_name_a_file_elsewhere(store, name):
    (folder_of(store) / "manifest.json").write_bytes(a_manifest({name: (10, sha256(b""))}))
    with pytest.raises(BundleError, match="no valid manifest"):
        store.load("tiny")


def test_a_bundle_that_is_too_large_is_refused_before_its_files_are_read(store):
    # Given a manifest that names one enormous file, which is not even there
    (folder_of(store) / "manifest.json").write_bytes(a_manifest({"weights.npz": (LARGEST_BYTES + 1, sha256(b""))}))
    # When it is loaded, then its size is the reason, not that file
    with pytest.raises(BundleError, match=r"larger than 256 MiB"):
        store.load("tiny")


def test_weights_that_unpack_to_far_more_are_refused(store, monkeypatch):
    file = io.BytesIO()
    np.savez_compressed(file, **{"000": np.zeros(2_000_000, dtype=np.float16)})
    monkeypatch.setattr("model.bundles.bundle.LARGEST_BYTES", 1 << 20)
    assert len(file.getvalue()) < 1 << 20
    with pytest.raises(BundleError, match="unpack to more than 1 MiB"):
        store.add("bomb", packed(file.getvalue()))


def test_weights_that_hold_objects_are_not_unpickled(store):
    file = io.BytesIO()
    np.savez(file, allow_pickle=True, **{"000": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(BundleError, match="does not contain what"):
        store.add("code", packed(file.getvalue()))
