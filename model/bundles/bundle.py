"""The files of a bundle: float16 weights, configuration, card, training history, manifest.

A bundle contains no code: weights are plain arrays read without pickle, everything else is JSON. The manifest lists the
size and SHA-256 of every other file. The version of a bundle is the hash of that list, so it identifies the content.
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

from model.bundles.priors import Priors
from model.errors import BundleError
from model.network.config import NetworkConfig

if TYPE_CHECKING:
    from model.analysis.originality import OriginalityIndex
    from model.bundles.training_artifacts import ReplaySample
    from model.network import ClassicNetwork, NoteNetwork

FORMAT = 1  # of the bundle; readers reject other formats
MANIFEST, WEIGHTS, CONFIG, CARD, HISTORY, PAGE, ORIGINALITY = (
    "manifest.json",
    "weights.npz",
    "config.json",
    "card.json",
    "history.json",
    "CARD.md",
    "originality.npz",  # optional: index of the training set
)
PRIORS = "habits.json"  # optional
REPLAY_SAMPLE = "rehearsal.npz"  # optional
LARGEST_BYTES = 256 << 20  # limit for all files together, and for the decompressed weights

FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$")]  # never a path


class FileEntry(BaseModel):
    """One file of a bundle, as listed in its manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(ge=0, description="bytes")
    sha256: str


class Manifest(BaseModel):
    """Lists every file of a bundle except the manifest itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    version: str
    files: dict[FileName, FileEntry]


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files match its manifest."""

    name: str
    version: str
    config: NetworkConfig
    card: Card
    history: list[dict[str, float]]
    weights: list[NDArray]
    originality_data: bytes | None = field(default=None, repr=False)
    priors: Priors | None = None
    replay_sample_data: bytes | None = field(default=None, repr=False)

    @property
    def representation(self) -> str:
        """Name of the network's representation."""
        return self.config.representation

    @property
    def is_classic(self) -> bool:
        """Whether the network reads a window of notes per prediction; it has a `classic_network` and no `network`."""
        return self.config.window > 0

    def originality(self) -> OriginalityIndex | None:
        """The index of the training set, or None if the bundle has none.

        Raises:
            BundleError: the index cannot be read.
        """
        from model.analysis.originality import OriginalityIndex

        return OriginalityIndex.load(self.originality_data) if self.originality_data is not None else None

    def replay_sample(self) -> ReplaySample | None:
        """A sample of its training and held-out music, or None if the bundle has none.

        Raises:
            BundleError: it cannot be read, or is not in the bundle's representation.
        """
        from model.bundles.training_artifacts import load_replay_sample
        from model.representation import representation_of

        if self.replay_sample_data is None:
            return None
        config = self.config
        representation = representation_of(config.representation, config.styles, config.vocabulary)
        return load_replay_sample(self.replay_sample_data, representation)

    def network(self, is_rounded: bool = False) -> NoteNetwork:
        """The network with this bundle's weights in float32, or with 8-bit products (see `model.network.quantized`).

        Raises:
            BundleError: it is a classic bundle, or its weights do not fit its configuration.
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
        from model.network.quantized import rounded_twin

        return rounded_twin(network)

    def classic_network(self) -> ClassicNetwork:
        """The network of a classic bundle with its weights in float32.

        Raises:
            BundleError: it is not a classic bundle, or its weights do not fit its configuration.
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
    priors: Priors | None = None,
    replay_sample: ReplaySample | None = None,
) -> dict[str, bytes]:
    """The files of a bundle by name, manifest included. The last three arguments describe the training set."""
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
    return with_artifacts(files, originality, priors, replay_sample)


def with_artifacts(
    files: Mapping[str, bytes],
    originality: OriginalityIndex | None = None,
    priors: Priors | None = None,
    replay_sample: ReplaySample | None = None,
) -> dict[str, bytes]:
    """The files of a bundle with these training-set artefacts replaced; None keeps what is there."""
    learnt: dict[str, bytes] = {}
    if originality is not None:
        learnt[ORIGINALITY] = originality.save()
    if priors is not None:
        learnt[PRIORS] = _json(priors.model_dump())
    if replay_sample is not None:
        learnt[REPLAY_SAMPLE] = replay_sample.save()
    return _sealed({**files, **learnt})


def _sealed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """`files` with a manifest that lists them."""
    files = {file: data for file, data in files.items() if file != MANIFEST}
    entries = {file: FileEntry(size=len(data), sha256=hashlib.sha256(data).hexdigest()) for file, data in files.items()}
    manifest = Manifest(version=_version(entries), files=entries)
    return {**files, MANIFEST: _json(manifest.model_dump())}


def read_manifest(data: bytes, name: str) -> Manifest:
    """Parse and check the manifest of bundle `name`.

    Raises:
        BundleError: it is invalid, altered, of another format, or lists more than LARGEST_BYTES.
    """
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        raise BundleError(f"Bundle '{name}' has no valid manifest: it is not a Cadenza bundle.") from error
    if manifest.format != FORMAT:
        raise BundleError(f"Bundle '{name}' has format {manifest.format}; this version of Cadenza reads {FORMAT}.")
    if manifest.version != _version(manifest.files):
        raise BundleError(f"The manifest of bundle '{name}' was altered: its version does not match its list of files.")
    if sum(entry.size for entry in manifest.files.values()) > LARGEST_BYTES:
        raise BundleError(f"Bundle '{name}' is larger than {LARGEST_BYTES >> 20} MiB.")
    return manifest


def unpack(files: Mapping[str, bytes], name: str) -> Bundle:
    """The bundle that consists of `files`.

    Raises:
        BundleError: a file is missing, altered, too large or of an unknown format.
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
            priors=Priors.model_validate_json(files[PRIORS]) if PRIORS in files else None,
            replay_sample_data=files.get(REPLAY_SAMPLE),
        )
    except (KeyError, ValueError, OSError, MemoryError, zipfile.BadZipFile) as error:
        raise BundleError(f"Bundle '{name}' does not contain what this version of Cadenza expects: {error}") from error


def verify(manifest: Manifest, files: Mapping[str, bytes], name: str) -> None:
    """Check every file against the manifest.

    Raises:
        BundleError: a file is missing or different.
    """
    for file, entry in manifest.files.items():
        data = files.get(file)
        if data is None:
            raise BundleError(f"Bundle '{name}' is incomplete: {file} is missing.")
        if len(data) != entry.size or hashlib.sha256(data).hexdigest() != entry.sha256:
            raise BundleError(f"Bundle '{name}' is damaged: {file} does not match the manifest.")


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


class Card(BaseModel):
    """What a person should know before using a bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(max_length=80)
    description: str = Field(max_length=400)
    data: str = Field(description="what it was trained on, and how that was split")
    licence: str = Field(description="of the weights, as required by the data")
    non_commercial: bool = Field(default=False, description="whether the licence bars commercial use")
    figures: dict[str, float] = Field(default_factory=dict, description="held-out figures by name")
    command: str = Field(default="", description="reproduces this bundle")

    def page(self, name: str) -> str:
        """The card as Markdown."""
        figures = "".join(f"| {figure} | {value:g} |\n" for figure, value in self.figures.items())
        use = "\n\n**Not for commercial use.**" if self.non_commercial else ""
        made = f"\n\n## Made with\n```\n{self.command}\n```" if self.command else ""
        table = f"\n\n## Held-out figures\n| figure | value |\n|---|---|\n{figures}" if figures else ""
        return (
            f"# {name}: {self.title}\n\n{self.description}\n\n## Data\n{self.data}\n\n## Licence\n{self.licence}{use}"
            f"{table.rstrip()}{made}\n"
        )
