"""Maps the contract to the terms of `model` and back: requests, abilities, results.

Loads neither Keras nor TensorFlow.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from jobs import contract
from jobs.contract import DEFAULT_LENGTH_S, ComposeProgress, ComposeRequest, Creativity, Mode
from model.analysis.originality import Originality
from model.analysis.summary import PieceSummary, title_of
from model.bundles.abilities import abilities_of
from model.controls import ATTRIBUTES, Controls
from model.generation import ComposeOptions, control_checks
from model.generation.options import SamplingParameters

if TYPE_CHECKING:
    from model.bundles import Bundle

LONGEST_STEM = 60  # characters of a file name, without the job's and the suffix
TEMPERATURES = {Creativity.CALM: 0.8, Creativity.BALANCED: 1.0, Creativity.WILD: 1.2}


def options(request: ComposeRequest) -> ComposeOptions:
    """What `request` asks of a composer; what it leaves open is the model's to decide.

    Raises:
        RequestError: a key, meter or instrument is none that any model could know.
    """
    usual_sampling, usual = SamplingParameters(), ComposeOptions()
    sampling = SamplingParameters(
        temperature=request.temperature if request.creativity is None else TEMPERATURES[request.creativity],
        top_k=usual_sampling.top_k if request.top_k is None else request.top_k,
        top_p=usual_sampling.top_p if request.top_p is None else request.top_p,
        min_p=usual_sampling.min_p if request.min_p is None else request.min_p,
    )
    return ComposeOptions(
        mode=request.mode.value,
        length_s=request.length_s,
        bars=request.bars,
        controls=Controls(**request.asked),
        sampling=sampling,
        strength=usual.strength if request.strength is None else request.strength,
        random_seed=request.random_seed,
        include_seed=request.include_seed,
    )


def abilities(bundle: Bundle) -> dict[str, Any]:
    """The fields of a `ModelInfo` that say what `bundle` can be asked for."""
    return vars(abilities_of(bundle.config, bundle.priors))


def music(request: ComposeRequest, fraction: float) -> ComposeProgress | None:
    """How far the new music is when `fraction` (0..1) of it is composed; None where its length is that of a seed."""
    share = min(1.0, max(0.0, fraction))
    if request.bars is not None:
        return ComposeProgress(done=share * request.bars, whole=request.bars, unit="bars")
    is_usual = request.seed is None or request.mode is Mode.CONTINUE
    whole_s = request.length_s or (DEFAULT_LENGTH_S if is_usual else None)
    return None if whole_s is None else ComposeProgress(done=share * whole_s, whole=whole_s, unit="s")


def followed(controls: Controls) -> contract.Controls:
    """The controls that a piece has of those asked, as a result tells them."""
    asked = {ATTRIBUTES[name] for name in controls.asked}
    return contract.Controls.model_validate({name: getattr(controls, name) for name in asked})


def missed(found: Sequence[control_checks.Missed]) -> tuple[contract.Missed, ...]:
    """What a piece does not have of what was asked, as a result tells it."""
    return tuple(contract.Missed.model_validate(asdict(one)) for one in found)


def originality(found: Originality | None) -> contract.Originality | None:
    """An originality figure as a result tells it; None where the model has no index to look in."""
    return None if found is None else contract.Originality.model_validate(asdict(found))


def facts(summary: PieceSummary, style: str | None) -> contract.PieceFacts:
    """What a title says of a piece, as a result tells it."""
    return contract.PieceFacts(style=style, **vars(summary))


def title(summary: PieceSummary, style: str | None, request: ComposeRequest) -> str:
    """The title of a piece: 'Waltz in G minor · 96 bpm · 3/4 · strings'."""
    is_composed_from_seed = request.seed is not None and request.recast is None
    return title_of(summary, style, request.mode.value if is_composed_from_seed else None)


def file_stem(title: str, job_id: str) -> str:
    """A file name without its suffix, from a title: 'waltz-in-f-sharp-minor-96-bpm-3-4-strings-3fa9c'.

    Lowercase ASCII letters, digits and hyphens, at most `LONGEST_STEM` of them. The end is the job's, so that two
    pieces of one title have different names.
    """
    words = re.sub(r"(?<=[A-G])#", " sharp", title)
    ascii_text = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")
    if len(slug) > LONGEST_STEM:
        slug = slug[:LONGEST_STEM].rpartition("-")[0] or slug[:LONGEST_STEM]
    return f"{slug or 'piece'}-{hashlib.sha256(job_id.encode()).hexdigest()[:5]}"


def provenance(model: str, version: str, request: ComposeRequest, found: Originality | None) -> str:
    """What a MIDI file says of itself: who composed it, how to have it again, and how original it is."""
    said = f"Composed by Cadenza: model {model} {version}, random seed {request.random_seed}."
    if found is None or found.share_16 is None:
        return said
    human = f", and {found.human_share_16:.4f} of those of human pieces" if found.human_share_16 is not None else ""
    return f"{said} {found.share_16:.4f} of its runs of 16 notes occur in the training music{human}."
