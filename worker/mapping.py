"""Maps the contract to the terms of `model` and back: requests, instruments, abilities, results.

Loads neither Keras nor TensorFlow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from jobs import contract
from jobs.contract import DEFAULT_LENGTH_S, ComposeProgress, ComposeRequest, Mode
from model.composing import MODES, ComposeOptions
from model.controls import ATTRIBUTES, FAMILIES, KEYS, METERS, Controls
from model.network.config import NetworkConfig
from model.representation import representation_of
from model.sampling.taste import Taste
from model.similarity.originality import Originality

INSTRUMENTS = {
    "piano": ("harpsichord", "electric piano", "clavinet"),
    "chromatic percussion": ("celesta", "glockenspiel", "vibraphone", "marimba", "xylophone", "tubular bells"),
    "organ": ("accordion", "harmonica"),
    "guitar": ("electric guitar",),
    "bass": ("bass guitar", "acoustic bass"),
    "strings": ("violin", "viola", "cello", "contrabass", "harp"),
    "ensemble": ("choir", "voice", "string ensemble", "string orchestra"),
    "brass": ("trumpet", "trombone", "tuba", "horn"),
    "reed": ("saxophone", "oboe", "clarinet", "bassoon"),
    "pipe": ("flute", "recorder", "piccolo", "whistle"),
    "ethnic": ("sitar", "banjo", "koto", "bagpipe", "fiddle"),
    "percussive": ("steel drums", "woodblock"),
    "drums": ("drum kit", "percussion"),
}
FAMILY = {name: family for family, names in INSTRUMENTS.items() for name in names}
INSTRUMENT_NAMES = (*FAMILIES, *FAMILY)  # all that can be asked for, the families first


def instrument_families(asked: Iterable[str]) -> tuple[str, ...]:
    """The family of each instrument asked for, each once; what is no instrument stays, for the model to refuse."""
    words = (name.strip() for name in asked)
    return tuple(dict.fromkeys(FAMILY.get(word.casefold(), word) for word in words))


def options(request: ComposeRequest) -> ComposeOptions:
    """What `request` asks of a composer; what it leaves open is the model's to decide.

    Raises:
        RequestError: a key, meter or instrument is none that any model could know.
    """
    usual_taste, usual = Taste(), ComposeOptions()
    taste = Taste(
        temperature=request.temperature,
        top_k=usual_taste.top_k if request.top_k is None else request.top_k,
        top_p=usual_taste.top_p if request.top_p is None else request.top_p,
        min_p=usual_taste.min_p if request.min_p is None else request.min_p,
    )
    return ComposeOptions(
        mode=request.mode.value,
        length_s=request.length_s,
        bars=request.bars,
        controls=Controls(**request.asked | {"instruments": instrument_families(request.instruments)}),
        taste=taste,
        strength=usual.strength if request.strength is None else request.strength,
        random_seed=request.random_seed,
        include_seed=request.include_seed,
    )


def abilities(config: NetworkConfig) -> dict[str, Any]:
    """The fields of a `ModelInfo` that say what a bundle of this configuration can be asked for."""
    representation = representation_of(config.representation, config.styles, config.vocabulary)
    known = representation.controls.slices
    return {
        "modes": MODES,
        "controls": tuple(ATTRIBUTES[name] for name in known),
        "styles": config.styles if "style" in known else (),
        "keys": KEYS if "key" in known else (),
        "meters": METERS if "meter" in known else (),
        "instruments": INSTRUMENT_NAMES if "instruments" in known else (),
        "has_beat": representation.units_per_second is None,
    }


def music(request: ComposeRequest, fraction: float) -> ComposeProgress | None:
    """How far the new music is when `fraction` (0..1) of it is composed; None where its length is that of a seed."""
    share = min(1.0, max(0.0, fraction))
    if request.bars is not None:
        return ComposeProgress(done=share * request.bars, whole=request.bars, unit="bars")
    is_usual = request.seed is None or request.mode is Mode.CONTINUE
    whole_s = request.length_s or (DEFAULT_LENGTH_S if is_usual else None)
    return None if whole_s is None else ComposeProgress(done=share * whole_s, whole=whole_s, unit="s")


def followed(controls: Controls) -> contract.Controls:
    """The controls that a composer followed, as a result tells them."""
    asked = {ATTRIBUTES[name] for name in controls.asked}
    return contract.Controls.model_validate({name: getattr(controls, name) for name in asked})


def originality(found: Originality | None) -> contract.Originality | None:
    """An originality figure as a result tells it; None where the model has no index to look in."""
    return None if found is None else contract.Originality.model_validate(asdict(found))


def provenance(model: str, version: str, request: ComposeRequest, found: Originality | None) -> str:
    """What a MIDI file says of itself: who composed it, how to have it again, and how original it is."""
    said = f"Composed by Cadenza: model {model} {version}, random seed {request.random_seed}."
    if found is None or found.share_16 is None:
        return said
    human = f", and {found.human_share_16:.4f} of those of human pieces" if found.human_share_16 is not None else ""
    return f"{said} {found.share_16:.4f} of its runs of 16 notes occur in the training music{human}."
