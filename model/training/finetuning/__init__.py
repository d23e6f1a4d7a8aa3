"""Fine-tuning: fits a bundle to a small data set and says what was gained and lost (docs/fine-tuning.md).

run         a whole run, from pieces to a bundle: `tune`
settings    settings of a run, text for the new card, progress, which epoch is kept; plain data
data        the data set, split, and mixed with the base's replay sample
loop        the training loop, update by update
evaluation  what the new bundle composes: originality, examples to listen to
verdict     figures before and after, and sentences about them
curve       the figures of all epochs as a picture
process     a run in a child process, as the order in a folder says
"""

from typing import TYPE_CHECKING

from model.training.finetuning.settings import CardText, EpochFigures, TuningProgress, TuningSettings

if TYPE_CHECKING:
    from model.training.finetuning.run import tune
    from model.training.finetuning.verdict import TuningVerdict

__all__ = ["CardText", "EpochFigures", "TuningProgress", "TuningSettings", "TuningVerdict", "tune"]


def __getattr__(name: str) -> object:
    """Imports Keras only when it is needed: settings and progress are plain data."""
    import importlib

    places = {"tune": "run", "TuningVerdict": "verdict"}
    if name in places:
        return getattr(importlib.import_module(f"model.training.finetuning.{places[name]}"), name)
    raise AttributeError(name)
