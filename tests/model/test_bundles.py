"""Bundles: what was packed loads again, whatever was tampered with is refused with its reason."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model.bundles import Bundle, BundleStore, open_bundle, pack
from model.bundles.bundle import (
    CARD,
    CONFIG,
    FORMAT,
    HISTORY,
    MANIFEST,
    PAGE,
    WEIGHTS,
    FileEntry,
    _version,
    unpack,
)
from model.errors import BundleError
from model.network import NetworkConfig, NoteNetwork
from model.network.note_network import NoteNetwork as Network
from tests.model import conftest
from tests.model.conftest import Run

Files = dict[str, bytes]


def with_manifest(files: Files) -> Files:
    """`files` with a manifest that names them as they are: damage that no hash can show."""
    files = {name: data for name, data in files.items() if name != MANIFEST}
    entries = {name: FileEntry(size=len(data), sha256=hashlib.sha256(data).hexdigest()) for name, data in files.items()}
    manifest = {
        "format": FORMAT,
        "version": _version(entries),
        "files": {k: e.model_dump() for k, e in entries.items()},
    }
    return {**files, MANIFEST: json.dumps(manifest).encode()}


def edited_manifest(files: Files, **changes: object) -> Files:
    return {**files, MANIFEST: json.dumps(json.loads(files[MANIFEST]) | changes).encode()}


def arrays(**entries: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **entries)
    return buffer.getvalue()


def huge(files: Files) -> Files:
    manifest = json.loads(files[MANIFEST])
    manifest["files"][WEIGHTS]["size"] = 1 << 30
    return {**files, MANIFEST: json.dumps(manifest).encode()}


TAMPERED: dict[str, tuple[Callable[[Files], Files], str]] = {
    "no manifest": (lambda f: {k: v for k, v in f.items() if k != MANIFEST}, "has no valid manifest"),
    "a manifest that is no JSON": (lambda f: {**f, MANIFEST: b"\x00"}, "has no valid manifest"),
    "a manifest with an unknown key": (lambda f: edited_manifest(f, code="x"), "has no valid manifest"),
    "another format": (lambda f: edited_manifest(f, format=2), "has format 2; this version of Cadenza reads 1"),
    "another version": (lambda f: edited_manifest(f, version="0" * 12), "its version does not match"),
    "a missing file": (lambda f: {k: v for k, v in f.items() if k != CARD}, "is incomplete: card.json is missing"),
    "one changed byte": (
        lambda f: {**f, WEIGHTS: f[WEIGHTS][:-1] + b"!"},
        "is damaged: weights.npz does not match the manifest",
    ),
    "a truncated file": (
        lambda f: {**f, WEIGHTS: f[WEIGHTS][:100]},
        "is damaged: weights.npz does not match the manifest",
    ),
    "more than a bundle may hold": (huge, "is larger than 256 MiB"),
    "no weights in it": (
        lambda f: with_manifest({k: v for k, v in f.items() if k != WEIGHTS}),
        "does not contain what",
    ),
    "weights that are no archive": (lambda f: with_manifest({**f, WEIGHTS: b"PK nonsense"}), "does not contain what"),
    "pickled weights": (
        lambda f: with_manifest({**f, WEIGHTS: arrays(a=np.array([{"os": "system"}], dtype=object))}),
        "does not contain what",
    ),
    "a card without a licence": (
        lambda f: with_manifest({**f, CARD: b'{"title": "x", "description": "x", "data": "x"}'}),
        "does not contain what",
    ),
    "sizes with an unknown key": (lambda f: with_manifest({**f, CONFIG: b'{"heads": 3}'}), "does not contain what"),
    "a history that is no JSON": (lambda f: with_manifest({**f, HISTORY: b"["}), "does not contain what"),
}


@pytest.mark.parametrize("damage", TAMPERED)
def test_what_was_tampered_with_is_refused_with_its_reason(run: Run, damage: str):
    tamper, sentence = TAMPERED[damage]
    with pytest.raises(BundleError, match=sentence) as refusal:
        unpack(tamper(dict(run.files)), "tiny")
    assert "'tiny'" in refusal.value.sentence


def test_weights_come_back_to_the_precision_of_float16(run: Run):
    network = Network(NetworkConfig(embedding=4, units=6, layers=1, head_units=4))
    bundle = unpack(pack(network, conftest.CARD, "other", [{"epoch": 1, "nats": 2.5}]), "other")
    assert all(weight.dtype == np.float16 for weight in bundle.weights)
    assert bundle.history == [{"epoch": 1, "nats": 2.5}]
    assert bundle.card == conftest.CARD
    assert bundle.config == network.config
    for weight, original in zip(bundle.network().get_weights(), network.get_weights(), strict=True):
        assert weight.dtype == np.float32
        np.testing.assert_allclose(weight, original, rtol=2**-10, atol=1e-7)


def test_the_version_names_the_content(run: Run, network: NoteNetwork):
    again = pack(network, conftest.CARD, "tiny", run.progress.history)
    assert unpack(again, "tiny").version == unpack(run.files, "tiny").version
    other = pack(network, conftest.CARD.model_copy(update={"licence": "MIT"}), "tiny", run.progress.history)
    assert unpack(other, "tiny").version != unpack(run.files, "tiny").version


def test_a_bundle_has_a_page_for_people(run: Run):
    page = run.files[PAGE].decode()
    assert page.startswith("# tiny: Scales\n")
    assert "## Licence\nCC0-1.0" in page


def test_weights_of_another_network_are_refused_when_it_is_built(bundle: Bundle):
    config = bundle.config.model_copy(update={"units": bundle.config.units + 1})
    other = Bundle("odd", bundle.version, config, bundle.card, bundle.history, bundle.weights)
    with pytest.raises(BundleError, match="do not fit its configuration"):
        other.network()


def test_a_store_knows_what_was_published(store: BundleStore, bundle: Bundle):
    assert store.names() == ["tiny"]
    assert store.current("tiny") == bundle.version
    assert store.load("tiny", bundle.version).version == bundle.version


def test_an_unknown_name_is_refused_with_the_known_ones(store: BundleStore, tmp_path: Path):
    with pytest.raises(BundleError, match=r"no model called 'organ'\. Available: tiny\."):
        store.load("organ")
    with pytest.raises(BundleError, match="Available: none"):
        BundleStore(tmp_path / "nothing").load("organ")


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "a" * 33, "tiny/../tiny"])
def test_a_name_that_could_lead_elsewhere_is_refused(store: BundleStore, run: Run, name: str):
    with pytest.raises(BundleError, match="no model called"):
        store.load(name)
    with pytest.raises(BundleError, match="can't be a model's name"):
        store.add(name, run.files)


@pytest.mark.parametrize("version", ["..", "0" * 12, "current"])
def test_an_unknown_version_is_refused(store: BundleStore, version: str):
    with pytest.raises(BundleError, match="has no version"):
        store.load("tiny", version)


@pytest.fixture
def two_versions(run: Run, network: NoteNetwork, tmp_path: Path) -> tuple[BundleStore, str, str]:
    """A store with two versions of 'tiny', pointing at the first."""
    store = BundleStore(tmp_path)
    first = store.add("tiny", run.files)
    second = store.add("tiny", pack(network, conftest.CARD.model_copy(update={"licence": "MIT"}), "tiny", []))
    store.point("tiny", first)
    return store, first, second


def test_a_name_points_at_one_version_and_can_be_rolled_back(two_versions: tuple[BundleStore, str, str]):
    store, first, second = two_versions
    assert store.load("tiny", second).version == second
    assert store.load("tiny").version == first
    store.point("tiny", second)
    assert store.load("tiny").card.licence == "MIT"
    store.point("tiny", first)
    assert store.load("tiny").card.licence == "CC0-1.0"


def test_a_version_that_does_not_load_is_never_pointed_at(two_versions: tuple[BundleStore, str, str], tmp_path: Path):
    store, first, second = two_versions
    (tmp_path / "tiny" / second / WEIGHTS).write_bytes(b"half of it")
    with pytest.raises(BundleError, match="is damaged"):
        store.point("tiny", second)
    assert store.load("tiny").version == first


def test_a_pointer_is_replaced_whole_or_not_at_all(
    two_versions: tuple[BundleStore, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # Given a disk that fills up while the pointer is written
    store, first, second = two_versions

    def full_disk(path: str, _: bytes) -> None:
        Path(path).write_bytes(b"")
        raise OSError("no space left on device")

    monkeypatch.setattr(store._files, "pipe_file", full_disk)
    # When another version is to be pointed at
    with pytest.raises(OSError, match="no space left"):
        store.point("tiny", second)
    # Then the name still means the first
    assert store.load("tiny").version == first


def test_a_version_without_its_manifest_was_never_completed(two_versions: tuple[BundleStore, str, str], tmp_path: Path):
    store, _, second = two_versions
    (tmp_path / "tiny" / second / MANIFEST).unlink()
    with pytest.raises(BundleError, match=r"is incomplete: manifest\.json is missing"):
        store.load("tiny", second)


def test_a_folder_opens_as_a_bundle_and_else_the_store_is_asked(store: BundleStore, run: Run, tmp_path: Path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, data in run.files.items():
        (folder / name).write_bytes(data)
    assert open_bundle(str(folder)).name == "mine"
    assert open_bundle("tiny", store).name == "tiny"
    (folder / WEIGHTS).unlink()
    with pytest.raises(BundleError, match=r"is incomplete: weights\.npz is missing"):
        open_bundle(str(folder))
