"""The life of bundles: versions that come, are promoted, left, gone back to, renamed, deleted, and handed on."""

from __future__ import annotations

import zipfile
from pathlib import Path
from uuid import uuid4

import pytest

from model.__main__ import main
from model.bundles import BundleStore
from model.bundles.inspection import weight_shapes
from model.bundles.zip_format import LARGEST
from model.errors import BundleError
from model.network import PRESETS, ClassicNetwork, NoteNetwork
from model.network.config import NetworkConfig
from tests.model.bundles.made import CARD, bundle
from tests.model.uploads.conftest import tree


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BundleStore:
    """An empty store on a disk and one that is no disk."""
    return BundleStore(tmp_path / "store" if request.param == "folder" else f"memory://{uuid4().hex}/store")


def versions(store: BundleStore, name: str = "mine", count: int = 3) -> list[str]:
    return [store.add(name, bundle(seed)) for seed in range(count)]


def was(store: BundleStore, name: str = "mine") -> list[str]:
    return [one.version for one in store.history(name)]


def test_a_version_is_a_candidate_until_it_is_promoted(store):
    first, second, third = versions(store)
    assert (store.names(), store.all_names()) == ([], ["mine"])
    assert store.candidates("mine") == sorted([first, second, third])
    store.point("mine", second)
    assert store.names() == ["mine"]
    assert store.candidates("mine") == sorted([first, third])
    store.point("mine", first)
    assert store.candidates("mine") == [third]


def test_the_past_is_remembered_in_its_order(store):
    first, second, third = versions(store)
    for version in (first, second, third, third, first):
        store.point("mine", version)
    assert was(store) == [first, second, third]
    assert all(one.until_s > 1_600_000_000 for one in store.history("mine"))


def test_going_back_twice_is_undone(store):
    first, second, _ = versions(store)
    store.point("mine", first)
    with pytest.raises(BundleError, match="nothing to roll back to"):
        store.rollback("mine")
    store.point("mine", second)
    assert store.rollback("mine") == first == store.current("mine")
    assert store.rollback("mine") == second == store.current("mine")


def test_a_version_that_is_there_is_never_written_again(store):
    (first,) = versions(store, count=1)
    manifest = store._path("mine", first, "card.json")
    store._files.pipe_file(manifest, b"changed by somebody")
    with pytest.raises(BundleError, match=r"damaged: card\.json"):
        store.add("mine", bundle(0))
    assert store._files.cat_file(manifest) == b"changed by somebody"


def test_a_renamed_bundle_keeps_its_versions_and_its_past(store):
    first, second, third = versions(store)
    store.point("mine", first)
    store.point("mine", second)
    store.rename("mine", "ours")
    assert (store.names(), store.all_names()) == (["ours"], ["ours"])
    assert (store.current("ours"), was(store, "ours"), store.candidates("ours")) == (second, [first], [third])
    assert store.load("ours").card == CARD
    with pytest.raises(BundleError, match="no model called 'mine'"):
        store.load("mine")


def test_a_name_that_is_taken_is_not_given_again(store):
    versions(store)
    store.point("mine", store.add("mine", bundle(0)))
    store.add("theirs", bundle(7))
    for new in ("theirs", "mine"):
        with pytest.raises(BundleError, match=f"already a model called '{new}'"):
            store.rename("mine", new)
    with pytest.raises(BundleError, match="can't be a model's name"):
        store.rename("mine", "../up")
    with pytest.raises(BundleError, match="no model called 'nobody'"):
        store.rename("nobody", "somebody")
    assert store.all_names() == ["mine", "theirs"]


def test_versions_are_deleted_one_by_one_or_all(store):
    first, second, third = versions(store)
    store.point("mine", first)
    store.point("mine", second)
    with pytest.raises(BundleError, match="promote another version first"):
        store.delete("mine", second)
    store.delete("mine", third)
    with pytest.raises(BundleError, match="has no version"):
        store.delete("mine", third)
    # the current one, when it is said, leaves the name to what was before
    store.delete("mine", second, even_current=True)
    assert (store.current("mine"), was(store), store.complete_versions("mine")) == (first, [], [first])
    # and the last one takes the name along
    store.delete("mine", first)
    assert store.all_names() == []
    with pytest.raises(BundleError, match="Available: none"):
        store.delete("mine")


def test_a_current_version_with_no_past_leaves_no_pointer(store):
    first, second, _ = versions(store)
    store.point("mine", first)
    store.delete("mine", first, even_current=True)
    assert (store.names(), second in store.candidates("mine")) == ([], True)


def test_all_that_is_known_of_a_bundle(store):
    first, second, third = versions(store)
    store.point("mine", first)
    store.point("mine", second)
    info = store.info("mine")
    assert (info.name, info.current) == ("mine", second)
    assert {one.version: (one.is_current, one.was_current) for one in info.versions} == {
        first: (False, True),
        second: (True, False),
        third: (False, False),
    }
    assert all(one.card == CARD and one.created_s > 1_600_000_000 and one.size_bytes > 1_000 for one in info.versions)


def test_every_server_has_a_store_of_its_own(store):
    guild = store.of_server(81384788765712384)
    guild.point("mine", guild.add("mine", bundle(0)))
    store.add("mine", bundle(1))
    assert store.servers() == [81384788765712384]
    assert (store.names(), store.all_names()) == ([], ["mine"])
    assert guild.names() == ["mine"]
    assert store.of_server(5).names() == []
    with pytest.raises(BundleError, match="can't be a model's name"):
        store.add("servers", bundle(0))
    for number in (0, -1, 1 << 64):
        with pytest.raises(BundleError, match="not a server id"):
            store.of_server(number)


def test_what_is_exported_is_always_the_same_and_comes_back(store, tmp_path):
    first, second, _ = versions(store)
    store.point("mine", first)
    data = store.export("mine")
    assert data == store.export("mine", first) != store.export("mine", second)
    other = BundleStore(tmp_path / "other")
    assert other.import_(data, "theirs") == first
    other.point("theirs", first)
    assert other.export("theirs") == data
    assert other.import_(data, "theirs") == first  # again, and nothing changes


@pytest.mark.parametrize("name", ["piano", "chorale"])
def test_the_shipped_bundles_can_be_handed_on(tmp_path, name):
    data = BundleStore().export(name)
    store = BundleStore(tmp_path)
    assert store.import_(data, name) == BundleStore().current(name)
    (path := tmp_path / "a.zip").write_bytes(data)
    assert set(zipfile.ZipFile(path).namelist()) <= set(LARGEST)


SIZES = {"units": 64, "embedding": 32, "head_units": 16}
NETWORKS = [
    *(config.model_copy(update=SIZES | {"vocabulary": ("60", "4.7")}) for config in PRESETS.values()),
    NetworkConfig(stack="gru", layers=3, memory=32, **SIZES),
    NetworkConfig(stack="conv", layers=3, **SIZES),
    NetworkConfig(stack="transformer", layers=2, memory=32, styles=("waltz", "polka"), **SIZES),
]


@pytest.mark.parametrize("config", NETWORKS, ids=lambda config: f"{config.representation}-{config.stack}")
def test_the_shapes_of_weights_are_those_of_the_network(config):
    network = (ClassicNetwork if config.window else NoteNetwork)(config)
    assert weight_shapes(config) == [tuple(weight.shape) for weight in network.get_weights()]


def test_the_shell_knows_the_same(tmp_path, capsys):
    first, second = versions(BundleStore(tmp_path / "store"), count=2)

    def shell(*arguments: str) -> str:
        main(["bundles", *arguments, "--store", str(tmp_path / "store")])
        captured = capsys.readouterr()
        return captured.out + captured.err

    assert "not in use" in shell("list")
    assert "Never in use so far" in shell("promote", "mine")
    shell("promote", "mine", "--version", first)
    assert f"mine is now version {second}" in shell("promote", "mine", "--version", second)
    assert f"mine is now version {first}" in shell("rollback", "mine")
    assert "was used" in shell("info", "mine")
    assert "is in" in shell("export", "mine", "-o", str(tmp_path / "mine.zip"))
    assert "is kept as theirs" in shell("import", "theirs", str(tmp_path / "mine.zip"), "--server", "5")
    assert "Servers with models of their own: 5" in shell("list")
    assert "is called ours now" in shell("rename", "mine", "ours")
    assert "promote another version first" in shell("delete", "ours", "--version", first)
    assert "ours is gone" in shell("delete", "ours")
    assert not [path for path in tree(tmp_path / "store") if not path.startswith("servers/5/theirs/")]
