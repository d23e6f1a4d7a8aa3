"""Between a `Piece` and the steps a network reads and draws.

base            what every representation is: a codec, the constants of its law, what evaluation needs
law             the law of a step: the functions that each representation has a version of, and `trace`
measuring       the controls that real music corresponds to, in free time and in a `score`
performance     note-level tuples (shift, pitch, velocity, duration) exact to 10 ms; the default for expressive piano
score           several instruments on a beat grid, with drums, meters and tempi; the default for several instruments
engraving       between a piece and the steps of `score`
buckets         numbers of any size as classes of a closed vocabulary: exact when small, log-spaced when large
grid            ticks, waits, lengths, tempi and meters of `score` as classes
voices          four voices on a grid of sixteenths, as chorales are predicted; used by the bundle `chorale`
four_parts      between a piece and a table of four voices
event_stream    performances as the 388 events of Performance RNN, and back
events          the 388 events of Performance RNN, one a step; what likelihoods are compared by
notes           the classic tutorial's notes and chords out of a vocabulary built from a corpus
chords          the names of notes and chords
spelling        the words of the classic workflow: notes, chords, rests, lengths, waits; which known one is nearest
characters      music as a text, one character a step
tokens          what representations of one field have in common
performance_law, score_law, voices_law, token_laws  their versions of the law
"""

from collections.abc import Sequence

from model.errors import RequestError
from model.representation.base import Field, Representation
from model.representation.characters import Characters
from model.representation.events import Events
from model.representation.notes import Notes
from model.representation.performance import Performance
from model.representation.score import Score
from model.representation.voices import Voices

REPRESENTATIONS: dict[str, type[Representation]] = {
    kind.name: kind for kind in (Performance, Score, Voices, Events, Notes, Characters)
}


def representation_of(name: str, styles: Sequence[str] = (), vocabulary: Sequence[str] = ()) -> Representation:
    """The representation `name`, for music that comes in `styles`.

    Raises:
        RequestError: when there is none of that name.
    """
    if name not in REPRESENTATIONS:
        raise RequestError(f"There is no representation '{name}'. These are known: {', '.join(REPRESENTATIONS)}.")
    return REPRESENTATIONS[name](styles, vocabulary)


__all__ = [
    "REPRESENTATIONS",
    "Characters",
    "Events",
    "Field",
    "Notes",
    "Performance",
    "Representation",
    "Score",
    "Voices",
    "representation_of",
]
