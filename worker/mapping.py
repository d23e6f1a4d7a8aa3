"""Maps the contract to the terms of `model` and back: requests, abilities, results, failures.

Handlers and RQ workers call it. It loads neither Keras nor TensorFlow.
"""

from __future__ import annotations

import errno
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from jobs import contract
from jobs.contract import DEFAULT_LENGTH_S, ComposeProgress, ComposeRequest, Creativity, Failure, Kind, Mode
from jobs.errors import is_storage_full
from model.analysis.originality import Originality
from model.analysis.summary import PieceSummary, title_of
from model.bundles.abilities import abilities_of
from model.controls import ATTRIBUTES, Controls
from model.errors import ModelError
from model.generation import ComposeOptions, control_checks
from model.generation.options import SamplingParameters

if TYPE_CHECKING:
    from model.bundles import Bundle

LONGEST_STEM = 60  # characters of a file name, without the job's and the suffix
TEMPERATURES = {Creativity.CALM: 0.8, Creativity.BALANCED: 1.0, Creativity.WILD: 1.2}


def options(request: ComposeRequest) -> ComposeOptions:
    """The options of a composer for `request`. The model decides what the request leaves open.

    Raises:
        RequestError: no model knows the key, meter or instrument.
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
    """The fields of a `ModelInfo` that describe what `bundle` supports."""
    return vars(abilities_of(bundle.config, bundle.priors))


def music(request: ComposeRequest, fraction: float) -> ComposeProgress | None:
    """Progress when `fraction` (0..1) of the new music is composed; None if its length is that of the seed."""
    share = min(1.0, max(0.0, fraction))
    if request.bars is not None:
        return ComposeProgress(done=share * request.bars, whole=request.bars, unit="bars")
    is_usual = request.seed is None or request.mode is Mode.CONTINUE
    whole_s = request.length_s or (DEFAULT_LENGTH_S if is_usual else None)
    return None if whole_s is None else ComposeProgress(done=share * whole_s, whole=whole_s, unit="s")


def followed(controls: Controls) -> contract.Controls:
    """The requested controls that a piece follows, for a result."""
    asked = {ATTRIBUTES[name] for name in controls.asked}
    return contract.Controls.model_validate({name: getattr(controls, name) for name in asked})


def missed(found: Sequence[control_checks.Missed]) -> tuple[contract.Missed, ...]:
    """The requested controls that a piece does not follow, for a result."""
    return tuple(contract.Missed.model_validate(asdict(one)) for one in found)


def originality(found: Originality | None) -> contract.Originality | None:
    """The originality of a piece, for a result; None if the model has no n-gram index."""
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
    """Text for the MIDI file: the model, how to reproduce the piece, and its originality."""
    said = f"Composed by Cadenza: model {model} {version}, random seed {request.random_seed}."
    if found is None or found.share_16 is None:
        return said
    human = f", and {found.human_share_16:.4f} of those of human pieces" if found.human_share_16 is not None else ""
    return f"{said} {found.share_16:.4f} of its runs of 16 notes occur in the training music{human}."


def model_failure(error: ModelError) -> Failure:
    """The failure for an error of `model`, with its sentence."""
    code = getattr(error, "code", None) or _snake(type(error).__name__.removesuffix("Error"))
    return Failure(code=str(code), sentence=error.sentence)


def internal_failure(incident: str, attempts: int, kind: Kind = "compose") -> Failure:
    """An internal error that happened in every attempt. `incident` is the number of the log entry."""
    tries = "twice" if attempts == 2 else f"{attempts} times"
    work = {
        "compose": "while composing this piece",
        "describe": "while describing this file",
        "library": "while doing this",
        "train": "while training",
    }[kind]
    sentence = f"Something broke {work}; it was tried {tries}. "
    return Failure(
        code="internal",
        sentence=f"{sentence}If it happens again, tell whoever runs this bot the number {incident}.",
        incident=incident,
    )


def timed_out(limit_s: int, kind: Kind = "compose") -> Failure:
    """The attempt exceeded its time limit."""
    sentences = {
        "compose": f"This piece took longer than the {limit_s} seconds a piece may take. Ask for a shorter one.",
        "describe": f"Describing this file took longer than the {limit_s} seconds it may take. Try a shorter one.",
        "library": f"This took longer than the {limit_s} seconds it may take. Look what is there, and add fewer files.",
        "train": f"This training took longer than the {limit_s / 3600:.0f} hours it may take. "
        "`/train resume` goes on from its last checkpoint.",
    }
    return Failure(code="timed_out", sentence=sentences[kind])


def is_no_room(error: BaseException) -> bool:
    """Whether a job failed because a disk or the memory of Redis is full."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return is_storage_full(error) or (error.__cause__ is not None and is_no_room(error.__cause__))


def no_room(kind: Kind) -> Failure:
    """There was no room for the result of the job. Another attempt would fail, too."""
    work = {
        "compose": "this piece",
        "describe": "this description",
        "library": "what this made",
        "train": "this training",
    }[kind]
    return Failure(
        code="no_room",
        sentence=f"There is no room left to keep {work}. Tell whoever runs this bot, and try again later.",
    )


SILENT = Failure(
    code="silent",
    sentence="The model stayed silent this time. Try again, or ask for more `creativity`.",
)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
