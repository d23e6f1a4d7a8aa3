"""Between a `Piece` and the steps a network reads and draws.

arrays       numpy under the names of keras.ops
base         what every representation promises: fields, encode, decode, the context a network may look at
buckets      numbers of any size as classes of a closed vocabulary: exact when small, log-spaced when large
performance  note-level tuples (shift, pitch, velocity, duration) exact to 10 ms; the default for expressive piano
events       the 388 events of Performance RNN that the same music would be; what likelihoods are compared by
"""

from model.representation.base import Field, Representation
from model.representation.performance import Performance

REPRESENTATIONS: dict[str, type[Representation]] = {Performance.name: Performance}

__all__ = ["REPRESENTATIONS", "Field", "Performance", "Representation"]
