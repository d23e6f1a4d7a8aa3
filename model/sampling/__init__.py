"""Drawing music from a network: one pass through the stack per note, never `model.predict`.

drawing  one class out of logits: temperature, top-p, min-p, and the uniform number that decides
sampler  the compiled loop: carried state, a chunk of steps for a batch of pieces at a time
"""

from model.sampling.drawing import Taste
from model.sampling.sampler import Sampler

__all__ = ["Sampler", "Taste"]
