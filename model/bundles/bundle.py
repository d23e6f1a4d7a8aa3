"""A bundle as files: weights in float16, the network's sizes, a card, the training history, and the manifest.

Nothing in a bundle is code: weights are plain arrays read without pickle, everything else is JSON. The manifest holds
the size and SHA-256 of every other file; the version of a bundle is the hash of that list, so it names the content.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from model.bundles.card import Card
from model.bundles.habits import Habits
from model.errors import BundleError
from model.network.config import NetworkConfig

if TYPE_CHECKING:
    from model.bundles.rehearsal import Rehearsal
    from model.network import ClassicNetwork, NoteNetwork
    from model.similarity.originality import OriginalityIndex

FORMAT = 1  # of the bundle; a reader refuses what it does not know
MANIFEST, WEIGHTS, CONFIG, CARD, HISTORY, PAGE, ORIGINALITY = (
    "manifest.json",
    "weights.npz",
    "config.json",
    "card.json",
    "history.json",
    "CARD.md",
    "originality.npz",  # not in every bundle: the runs of notes of the training set
)
HABITS = "habits.json"  # not in every bundle either
REHEARSAL = "rehearsal.npz"  # nor this
LARGEST_BYTES = 256 << 20  # of all files together, and of the weights once unpacked

FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$")]  # never a path


class FileEntry(BaseModel):
    """One file of a bundle, as its manifest knows it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(ge=0, description="bytes")
    sha256: str


class Manifest(BaseModel):
    """What a bundle consists of: every file but the manifest itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    version: str
    files: dict[FileName, FileEntry]


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files were found to be what its manifest says."""

    name: str
    version: str
    config: NetworkConfig
    card: Card
    history: list[dict[str, float]]
    weights: list[NDArray]
    originality_data: bytes | None = field(default=None, repr=False)
    habits: Habits | None = None
    rehearsal_data: bytes | None = field(default=None, repr=False)

    @property
    def representation(self) -> str:
        """Name of the representation the network reads and draws."""
        return self.config.representation

    @property
    def is_classic(self) -> bool:
        """Whether it reads a window anew for every note: it then has a `classic_network` and no `network`."""
        return self.config.window > 0

    def originality(self) -> OriginalityIndex | None:
        """What tells how original a piece is, or None for a bundle that carries no index of its training set.

        Raises:
            BundleError: when the index cannot be read.
        """
        from model.similarity.originality import OriginalityIndex

        return OriginalityIndex.load(self.originality_data) if self.originality_data is not None else None

    def rehearsal(self) -> Rehearsal | None:
        """A sample of what it was trained on and of what was held out, or None for a bundle that carries none.

        Raises:
            BundleError: when it cannot be read, or holds no music in the bundle's representation.
        """
        from model.bundles.rehearsal import load_rehearsal
        from model.representation import representation_of

        if self.rehearsal_data is None:
            return None
        config = self.config
        representation = representation_of(config.representation, config.styles, config.vocabulary)
        return load_rehearsal(self.rehearsal_data, representation)

    def network(self, is_rounded: bool = False) -> NoteNetwork:
        """The network with this bundle's weights, in float32; with products that round, see `model.network.rounding`.

        Raises:
            BundleError: when it is of the classic kind, or its weights are not those of a network of its sizes.
        """
        from model.network import NoteNetwork

        if self.is_classic:
            raise BundleError(
                f"Bundle '{self.name}' is of the classic kind, which composes by notes: "
                f"python -m model compose --bundle {self.name} --notes 500 -o out.mid"
            )
        network = NoteNetwork(self.config)
        self._put_weights(network)
        if not is_rounded:
            return network
        from model.network.rounding import rounded_twin

        return rounded_twin(network)

    def classic_network(self) -> ClassicNetwork:
        """The network of a bundle of the classic kind, with its weights, in float32.

        Raises:
            BundleError: when it is of another kind, or its weights are not those of a network of its sizes.
        """
        from model.network import ClassicNetwork

        if not self.is_classic:
            raise BundleError(f"Bundle '{self.name}' is not of the classic kind.")
        network = ClassicNetwork(self.config)
        self._put_weights(network)
        return network

    def _put_weights(self, network: NoteNetwork | ClassicNetwork) -> None:
        expected = [tuple(weight.shape) for weight in network.weights]
        found = [weight.shape for weight in self.weights]
        if expected != found:
            raise BundleError(
                f"The weights of bundle '{self.name}' do not fit its configuration ({len(found)} arrays, the network "
                f"has {len(expected)}): train it again with this version of Cadenza."
            )
        network.set_weights([weight.astype(np.float32) for weight in self.weights])


def pack(
    network: NoteNetwork | ClassicNetwork,
    card: Card,
    name: str,
    history: list[dict[str, float]],
    originality: OriginalityIndex | None = None,
    habits: Habits | None = None,
    rehearsal: Rehearsal | None = None,
) -> dict[str, bytes]:
    """The files of a bundle, manifest included, by file name; the last three know the training set."""
    buffer = io.BytesIO()
    weights = {f"{index:03d}": weight.astype(np.float16) for index, weight in enumerate(network.get_weights())}
    np.savez(buffer, allow_pickle=False, **weights)
    files = {
        WEIGHTS: buffer.getvalue(),
        CONFIG: _json(network.config.model_dump()),
        CARD: _json(card.model_dump()),
        HISTORY: _json(history),
        PAGE: card.page(name).encode(),
    }
    return with_learnt(files, originality, habits, rehearsal)


def with_learnt(
    files: Mapping[str, bytes],
    originality: OriginalityIndex | None = None,
    habits: Habits | None = None,
    rehearsal: Rehearsal | None = None,
) -> dict[str, bytes]:
    """The files of a bundle as those of a version that knows this of its training set; None leaves what is there."""
    learnt: dict[str, bytes] = {}
    if originality is not None:
        learnt[ORIGINALITY] = originality.save()
    if habits is not None:
        learnt[HABITS] = _json(habits.model_dump())
    if rehearsal is not None:
        learnt[REHEARSAL] = rehearsal.save()
    return _sealed({**files, **learnt})


def _sealed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """`files` with the manifest that names them."""
    files = {file: data for file, data in files.items() if file != MANIFEST}
    entries = {file: FileEntry(size=len(data), sha256=hashlib.sha256(data).hexdigest()) for file, data in files.items()}
    manifest = Manifest(version=_version(entries), files=entries)
    return {**files, MANIFEST: _json(manifest.model_dump())}


def read_manifest(data: bytes, name: str) -> Manifest:
    """The manifest of bundle `name`, before any other of its files is looked at.

    Raises:
        BundleError: it is none, was altered, names a format this code does not know, or more than LARGEST_BYTES.
    """
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        raise BundleError(f"Bundle '{name}' has no manifest that can be read: it is no Cadenza bundle.") from error
    if manifest.format != FORMAT:
        raise BundleError(f"Bundle '{name}' has format {manifest.format}; this version of Cadenza reads {FORMAT}.")
    if manifest.version != _version(manifest.files):
        raise BundleError(f"The manifest of bundle '{name}' was altered: its version does not match its list of files.")
    if sum(entry.size for entry in manifest.files.values()) > LARGEST_BYTES:
        raise BundleError(f"Bundle '{name}' is larger than {LARGEST_BYTES >> 20} MiB.")
    return manifest


def unpack(files: Mapping[str, bytes], name: str) -> Bundle:
    """The bundle that `files` are.

    Raises:
        BundleError: when a file is missing, altered, too large or of a format this code does not know.
    """
    manifest = read_manifest(files.get(MANIFEST, b""), name)
    verify(manifest, files, name)
    try:
        return Bundle(
            name=name,
            version=manifest.version,
            config=NetworkConfig.model_validate_json(files[CONFIG]),
            card=Card.model_validate_json(files[CARD]),
            history=json.loads(files[HISTORY]),
            weights=_weights(files[WEIGHTS]),
            originality_data=files.get(ORIGINALITY),
            habits=Habits.model_validate_json(files[HABITS]) if HABITS in files else None,
            rehearsal_data=files.get(REHEARSAL),
        )
    except (KeyError, ValueError, OSError, MemoryError, zipfile.BadZipFile) as error:
        raise BundleError(f"Bundle '{name}' does not hold what this version of Cadenza expects: {error}") from error


def verify(manifest: Manifest, files: Mapping[str, bytes], name: str) -> None:
    """Compare every file with what the manifest says of it.

    Raises:
        BundleError: when one is missing or another.
    """
    for file, entry in manifest.files.items():
        data = files.get(file)
        if data is None:
            raise BundleError(f"Bundle '{name}' is incomplete: {file} is missing.")
        if len(data) != entry.size or hashlib.sha256(data).hexdigest() != entry.sha256:
            raise BundleError(f"Bundle '{name}' is damaged: {file} is not the file its manifest names.")


def _weights(data: bytes) -> list[NDArray]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST_BYTES:
            raise ValueError(f"its weights unpack to more than {LARGEST_BYTES >> 20} MiB")
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        return [stored[key] for key in sorted(stored.files)]


def _version(entries: Mapping[str, FileEntry]) -> str:
    listing = "\n".join(f"{name} {entry.sha256}" for name, entry in sorted(entries.items()))
    return hashlib.sha256(listing.encode()).hexdigest()[:12]


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()
