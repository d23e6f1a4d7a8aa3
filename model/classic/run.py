"""The folder of a classic run, step by step: parse, train, compose. Called by `python -m model classic`.

RUN/notes.json    the words of every file, and the files that were left out
RUN/weights/      weights after every epoch
RUN/model.keras   the best epoch's network, which plain Keras loads
RUN/…             its bundle (weights.npz, config.json, card.json, …) and the checkpoint that a later run resumes from
RUN/test_output.* a piece: MIDI, piano roll, sheet, MP3
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from model.analysis.originality import OriginalityIndex, index_training_set
from model.bundles import Bundle, Card, open_bundle, pack
from model.bundles.store import write_folder
from model.classic.composing import ClassicComposer, ClassicComposition, ClassicRequest
from model.classic.corpus import ALL, NOTES_FILE, NamedCorpus, Selection, read_corpus
from model.classic.settings import ClassicSettings
from model.classic.starts import start_of
from model.classic.training import epoch_weights, train
from model.errors import DataError, ModelError, RequestError
from model.files import make_folder, replace_file
from model.midi import write_midi
from model.network.classic import ClassicNetwork
from model.network.config import NetworkConfig
from model.representation.notes import Notes
from model.representation.spelling import Spelling
from model.training import checkpoint
from model.training.loop import Progress

KERAS_FILE = "model.keras"
PIECE = "test_output"
MP3_LIMIT_S = 300.0
LEFT_OUT = "{file} left out: {reason}"


@dataclass(frozen=True)
class DataCard:
    """What a bundle's card says of its data."""

    title: str
    licence: str = ""
    non_commercial: bool = False
    heading: str = ""  # of the card; '' = named after the data
    command: str = ""  # that makes the bundle again


def parse(
    folder: Path, paths: Sequence[Path], spelling: Spelling, selection: Selection = ALL, cache: Path | None = None
) -> NamedCorpus:
    """Read the MIDI files under `paths` and write `notes.json` into `folder`.

    Raises:
        DataError: see `read_corpus`.
        RequestError: the folder cannot be written.
    """
    make_folder(folder)
    corpus = read_corpus(paths, cache=cache, spelling=spelling, selection=selection)
    corpus.write(folder / NOTES_FILE)
    return corpus


def fit(
    folder: Path,
    config: NetworkConfig,
    settings: ClassicSettings,
    data: DataCard,
    resume: bool = False,
    on_epoch: Callable[[Progress], None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Progress:
    """Train on the `notes.json` in `folder`; after each better epoch the bundle and `model.keras` are written.

    Args:
        folder: of the run.
        config: sizes of the network; its vocabulary comes from the corpus.
        settings: how to train.
        data: for the card.
        resume: go on from the checkpoint. Its network must have the same sizes.
        on_epoch: told after each epoch.
        should_stop: asked after every batch.

    Raises:
        DataError: there is no `notes.json`.
        RequestError: there is a checkpoint and `resume` was not asked for, or it is of another network.
    """
    corpus = NamedCorpus.load(folder / NOTES_FILE)
    if checkpoint.exists(folder) and not resume:
        raise RequestError(f"{folder} holds a training already: add --resume to go on with it, or name another --out.")
    config = config.model_copy(update={"vocabulary": corpus.vocabulary})
    notes = Notes(vocabulary=corpus.vocabulary)
    parts = [[notes.indices(piece.names)[:, 0] for piece in part] for part in (corpus.train, corpus.validation)]

    steps = [[line[:, None] for line in part] for part in parts]
    index = index_training_set(notes, steps[0], steps[1])

    def keep(network: ClassicNetwork, progress: Progress) -> None:
        if progress.best_epoch == progress.epoch:
            write_network(folder, network, _card(config, settings, data, progress), progress, index)
        on_epoch(progress)

    return train(config, settings, parts[0], parts[1], folder, keep, resume, should_stop)


def write_network(
    folder: Path, network: ClassicNetwork, card: Card, progress: Progress, index: OriginalityIndex
) -> None:
    """The network as a bundle and as `model.keras`; `index` is of its training set."""
    temporary = folder / f".{KERAS_FILE}"
    network.model.save(temporary.with_suffix(".new.keras"))
    temporary.with_suffix(".new.keras").replace(folder / KERAS_FILE)
    write_folder(folder, pack(network, card, folder.name, progress.history, index))


def trained(folder: Path, epoch: int = 0) -> Bundle:
    """The bundle in `folder`; with the weights of `epoch` in the place of the best one's, where that is not 0.

    Raises:
        BundleError: there is none.
        RequestError: the weights of that epoch were not kept.
    """
    bundle = open_bundle(str(folder))
    if not epoch:
        return bundle
    network = bundle.classic_network()
    network.model.load_weights(epoch_weights(folder, epoch))
    return replace(bundle, weights=network.get_weights())


def compose(folder: Path, bundle: Bundle, request: ClassicRequest, start: str | None = None) -> dict[str, Any]:
    """Compose `test_output.mid` in `folder`, its picture, its sheet and its MP3; what came of it, as plain JSON.

    Raises:
        RequestError: a value is out of range, or the start is not understood.
    """
    composer = ClassicComposer(bundle)
    composition = composer.write(start_of(start, composer.notes, folder, request.random_seed), request)
    files, remarks = _files(folder, composition)
    return {
        "output": str(files[0]),
        "files": [str(file) for file in files],
        "composed_notes": len(composition.composed),
        "distinct_notes": len(set(composition.composed.tolist())),
        "seconds": round(composition.piece.end_s, 3),
        "originality": None if composition.originality is None else asdict(composition.originality),
        "remarks": [*composition.remarks, *remarks],
    }


def _files(folder: Path, composition: ClassicComposition) -> tuple[list[Path], list[str]]:
    """The files of a piece that could be written, the MIDI file first, and why the others could not."""
    from model.pictures.piano_roll import piano_roll
    from model.pictures.sheet import sheet

    midi = folder / f"{PIECE}.mid"
    write_whole_file(midi, write_midi(composition.piece))
    files, remarks = [midi], []
    made: dict[str, Callable[[], bytes]] = {
        f"{PIECE}.png": lambda: piano_roll(composition.piece, 0.0, folder.name),
        f"{PIECE}.musicxml": lambda: sheet(composition.piece, folder.name).musicxml,
        f"{PIECE}.mp3": lambda: mp3_of(midi),
    }
    for name, make in made.items():
        try:
            write_whole_file(folder / name, make())
            files.append(folder / name)
        except ModelError as error:
            remarks.append(LEFT_OUT.format(file=name, reason=error.sentence))
    return files, remarks


def mp3_of(midi: Path) -> bytes:
    """The MIDI file as MP3. The renderer belongs to the worker, so it runs in a process of its own.

    Raises:
        RequestError: it is not installed, or cannot play the piece.
    """
    output = midi.with_suffix(".mp3")
    command = [sys.executable, "-m", "worker.render", str(midi), str(output)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MP3_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RequestError(f"the renderer did not answer ({type(error).__name__}).") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["the renderer is not installed"])[-1]
        raise RequestError(last)
    return output.read_bytes()


def write_whole_file(path: Path, data: bytes) -> None:
    """Write `data`, whole or not at all; raises RequestError where that fails."""
    try:
        with replace_file(path) as file:
            file.write(data)
    except (OSError, DataError) as error:
        raise RequestError(f"{path} cannot be written: {error}.") from error


def _card(config: NetworkConfig, settings: ClassicSettings, data: DataCard, progress: Progress) -> Card:
    best = progress.history[-1]
    read = "one number" if config.note_input == "number" else f"an embedding of {config.embedding}"
    counted = "the note after it" if settings.targets == "last" else "every note in it"
    return Card(
        title=(data.heading or f"trained on {data.title}")[:80],
        description=f"{config.layers} x {config.stack.upper()} {config.units} on windows of {config.window} notes and "
        f"chords, each as {read}; trained to predict {counted}; {len(config.vocabulary)} words in its vocabulary.",
        data=f"{data.title}, split by piece",
        licence=data.licence or "as the data's",
        non_commercial=data.non_commercial,
        figures={
            "validation nats per note or chord": round(best["val_nats"], 4),
            "by frequency alone": round(best["val_unigram"], 4),
            "epoch": best["epoch"],
        },
        command=data.command,
    )
