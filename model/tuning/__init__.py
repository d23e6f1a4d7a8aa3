"""Fine-tuning: a bundle fitted to a small data set, and a verdict on what came of it (docs/fine-tuning.md).

tuning    from beginning to end: `tune`
about     what the card of the new bundle is to say
settings  everything a run can be told
pieces    the set, split, and mixed with what the base learnt from
fitting   the loop, update by update
choosing  which epoch is kept
progress  where a run stands, as plain data
packing   the files of the new bundle
judging   what the new bundle composes
verdict   figures before and after, and what they mean in sentences
curve     the figures of all epochs as a picture
order     what a process is asked: `order.json`
process   the same as a process of its own: `python -m model.tuning FOLDER`
"""

from typing import TYPE_CHECKING

from model.tuning.about import About
from model.tuning.progress import EpochFigures, TuningProgress
from model.tuning.settings import TuningSettings

if TYPE_CHECKING:
    from model.tuning.tuning import tune
    from model.tuning.verdict import Verdict

__all__ = ["About", "EpochFigures", "TuningProgress", "TuningSettings", "Verdict", "tune"]


def __getattr__(name: str) -> object:
    """Import Keras only when something is to be tuned: settings and progress are plain data."""
    import importlib

    places = {"tune": "tuning", "Verdict": "verdict"}
    if name in places:
        return getattr(importlib.import_module(f"model.tuning.{places[name]}"), name)
    raise AttributeError(name)
