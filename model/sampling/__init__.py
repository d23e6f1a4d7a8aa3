"""Drawing music from a network: one pass through the stack per note, never `model.predict`.

taste    how far from the likeliest choice the music may stray; plain numbers
drawing  one class out of logits: temperature, top-k, top-p, min-p, and the uniform number that decides
step     one step of a batch of pieces: drawn within what may follow, or taken from a plan
plan     what is given beforehand: notes to weave in, or a template to fill in
guard    what breaks loops of few notes
steering what leads a piece towards its wishes: `key_lean` to the key, `pace` to the density, `pulse` to the beat
sampler  the compiled loop: carried state, a chunk of steps for a batch of pieces at a time
"""

from typing import TYPE_CHECKING

from model.sampling.taste import Taste

if TYPE_CHECKING:
    from model.sampling.sampler import Sampler

__all__ = ["Sampler", "Taste"]


def __getattr__(name: str) -> object:
    """Import TensorFlow only when music is drawn."""
    if name == "Sampler":
        from model.sampling.sampler import Sampler

        return Sampler
    raise AttributeError(name)
