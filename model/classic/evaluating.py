"""How well a bundle of the classic kind predicts music it has not seen, beside how often each note occurs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.classic.corpus import read_corpus
from model.classic.windows import Windows, nats_per_note, unigram
from model.errors import RequestError
from model.representation.notes import Notes

if TYPE_CHECKING:
    from model.bundles import Bundle

MOST_NOTES = 20_000  # spread evenly over the pieces; each takes a pass over a whole window


def evaluate_classic(bundle: Bundle, path: Path | Sequence[Path], split: str = "auto") -> dict[str, Any]:
    """Nats per note or chord of the pieces under `path`, the ends of pieces not counted; plain JSON.

    Args:
        bundle: what predicts.
        path: a folder or archive of MIDI files, or several.
        split: 'all', or 'auto', 'heldout' and 'validation' for those that training holds out, 'train' for the others.

    Raises:
        RequestError: when there is no such split.
        DataError: when the data holds no music that can be used.
    """
    notes = Notes(vocabulary=bundle.config.vocabulary)
    corpus = read_corpus(path, spelling=notes.spelling)
    parts = {"all": corpus.pieces, "train": corpus.train}
    parts |= dict.fromkeys(("auto", "heldout", "validation"), corpus.validation)
    if split not in parts:
        raise RequestError(f"There is no split '{split}' for the classic kind: choose one of {', '.join(parts)}.")
    indices = [notes.indices(piece.names)[:, 0] for piece in parts[split]]
    trained = [notes.indices(piece.names)[:, 0] for piece in corpus.train]
    windows = Windows(indices, bundle.config.window)
    unknown = sum(name not in notes.vocabulary for piece in parts[split] for name in piece.names)
    return {
        "nats_per_token": nats_per_note(bundle.classic_network(), windows, MOST_NOTES),
        "tokens": min(len(windows), MOST_NOTES),
        "symbol": notes.symbol,
        "unknown_share": unknown / len(windows),
        "unigram": unigram(trained, indices, len(notes.vocabulary)),
        "floors_fitted_on": "train part of the same data",
        "pieces": len(indices),
        "split": split,
        "left_out": len(corpus.refused),
        "bundle": bundle.name,
        "version": bundle.version,
    }
