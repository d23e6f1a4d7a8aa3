"""The protocol in which likelihoods of the JSB chorales are published: sixteenths, SATB, nats per pitch.

Every pitch of every piece of one split counts, in the order soprano, alto, tenor, bass, each predicted from all before
it (Huang et al. 2019, "Music Transformer", table 2). Nothing is asked of the network, the length is unknown to it, and
the end of a piece is neither predicted nor counted.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.corpora.readers.jsb import split_of
from model.errors import DataError, RequestError

if TYPE_CHECKING:
    from model.bundles import Bundle
    from model.network import NoteNetwork

NAME = "jsb16"
DEFINITION = (
    "JSB chorales on a grid of sixteenths, four tokens a step in the order soprano, alto, tenor, bass, one MIDI pitch "
    "(or silence) per token; mean negative log-likelihood in nats over all tokens of the split, ends not counted, "
    "nothing told to the model beforehand."
)
STREAMS, WINDOW = 32, 128  # how the pieces are read; they change the speed and nothing else


def evaluate_jsb16(bundle: Bundle, path: Path, split: str = "valid", is_rounded: bool = False) -> dict[str, Any]:
    """What each pitch of the chorales costs under `bundle`; plain JSON.

    Args:
        bundle: of a network that reads the `voices` representation.
        path: JSON of chorales (see `model.corpora.readers.jsb`).
        split: the name of one of its lists.
        is_rounded: with products in whole numbers of 8 bits, as the engine draws on a CPU.

    Raises:
        RequestError: when the bundle's network reads something else.
        DataError: when the file cannot be used.
    """
    if bundle.representation != "voices":
        raise RequestError(
            f"The protocol {NAME} needs a model of four voices; '{bundle.name}' reads '{bundle.representation}'. "
            "The bundle 'chorale' is one."
        )
    pieces = split_of(path, split)
    nats = pitch_nats(bundle.network(is_rounded), pieces)
    steps = sum(map(len, pieces))
    voices = ("soprano", "alto", "tenor", "bass")
    return {
        "nll_per_token": float(nats.sum()) / (steps * nats.size),
        "nll_per_step": float(nats.sum()) / steps,
        "tokens": steps * nats.size,
        "steps": steps,
        "pieces": len(pieces),
        "per_voice": dict(zip(voices, (nats / steps).tolist(), strict=True)),
        "split": split,
        "rounded": is_rounded,
        "protocol": NAME,
        "definition": DEFINITION,
        "bundle": bundle.name,
        "version": bundle.version,
    }


def pitch_nats(network: NoteNetwork, pieces: list[NDArray[np.int32]]) -> NDArray[np.float64]:
    """What the pitches of all pieces cost in nats, by voice, (4,).

    Args:
        network: of the `voices` representation, on any backend.
        pieces: pitches from soprano to bass, int32 (sixteenths, 4) each, -1 = silent.

    Raises:
        DataError: when a voice leaps further than the network's classes reach.
    """
    from model.corpora.windows import WindowStreams
    from model.training.objective import CarriedLikelihood

    _check_leaps(pieces)
    streams = min(STREAMS, len(pieces))
    model = CarriedLikelihood(network, streams)  # its own carried states
    model.compile(jit_compile=False)
    total = np.zeros(len(network.representation.fields))
    for (batch,) in WindowStreams(network.representation, pieces, streams, WINDOW).once():
        logits = [np.asarray(part, dtype=np.float64) for part in model.predict_on_batch(batch)]
        logits[0][..., network.representation.end_class] = -np.inf  # given that the piece goes on
        counts = batch["weight"] * (batch["target"][..., :1] != network.representation.end_class)
        for voice, part in enumerate(logits):
            chosen = np.take_along_axis(part, batch["target"][..., voice, None], axis=-1)[..., 0]
            cost = np.logaddexp.reduce(part, axis=-1) - chosen
            total[voice] += cost[counts[..., voice] > 0].sum()
    return total


def _check_leaps(pieces: list[NDArray[np.int32]]) -> None:
    from model.representation.four_parts import WIDEST, within_reach

    for number, piece in enumerate(pieces, 1):
        if not np.array_equal(within_reach(piece), piece):
            raise DataError(
                f"A voice of piece {number} leaps by more than {WIDEST} semitones, further than a chorale and this "
                "model go."
            )
