"""Which collections of music21's corpus may be used, and how each is to sound where its scores do not say.

music21's own words: the encodings are "distributed with the permission of the encoders", some "may not be used for
commercial uses or have other restrictions: please see the licenses embedded in individual compositions or directories".
So a collection is free here when neither its folder nor its files state a restriction, and within it every file is read
once more for one (`states_restriction`). What states one, or bars commercial use, is used only when it is asked for by
name, and then the data set counts as non-commercial.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

VIOLIN, VIOLA, CELLO, CHOIR, FLUTE, PIANO = 40, 41, 42, 52, 73, 0  # General MIDI
QUARTET = (VIOLIN, VIOLIN, VIOLA, CELLO)


@dataclass(frozen=True)
class Collection:
    """Files of one kind in the corpus.

    `programs` play the parts in order (the last plays all further ones), and of `tempos_bpm` (quarter notes a minute)
    each piece that names none has one.
    """

    folder: str
    pattern: str  # of files in `folder`
    style: str
    programs: tuple[int, ...]
    tempos_bpm: tuple[int, ...]
    restriction: str = ""  # '' where none is stated


CALM, WALKING, LIVELY = (66, 72, 80, 88), (80, 92, 104), (96, 108, 120)
MIXED = (72, 92, 112, 132)  # movements of quartets, of which nobody says whether they are slow
COLLECTIONS = (
    Collection("bach", "bwv*.mxl", "bach-chorale", (CHOIR,), CALM),
    Collection("haydn", "**/*.mxl", "string-quartet", QUARTET, MIXED),
    Collection("mozart", "k[148]*/*.mxl", "string-quartet", QUARTET, MIXED),
    Collection("beethoven", "**/*.mxl", "string-quartet", QUARTET, MIXED),
    Collection("schumann_robert", "opus41no1/*.mxl", "string-quartet", QUARTET, MIXED),
    Collection("monteverdi", "*.mxl", "madrigal", (CHOIR,), WALKING),
    Collection("trecento", "*.*", "trecento", (CHOIR,), WALKING),
    Collection("joplin", "*.mxl", "ragtime", (PIANO,), LIVELY),
    Collection("ryansMammoth", "*.abc", "fiddle-tune", (VIOLIN,), LIVELY),
    Collection("airdsAirs", "*.abc", "air", (FLUTE,), (92, 104, 116)),
    Collection("oneills1850", "*.abc", "air", (FLUTE,), (92, 104, 116)),
    Collection(
        "palestrina",
        "*.krn",
        "renaissance-mass",
        (CHOIR,),
        WALKING,
        "its files reserve 'rights to all derivative electronic formats' and refer to an agreement not enclosed",
    ),
    Collection(
        "essenFolksong",
        "*.abc",
        "folk-song",
        (FLUTE,),
        LIVELY,
        "its folder gives permission 'for non-commercial distribution and use' and calls its legal status unclear",
    ),
)
RESTRICTIONS = (
    b"non-commercial",
    b"noncommercial",
    b"all rights reserved",
    b"rights to all derivative",
    b"licensing agreement",
    b"sharealike",
    b"share-alike",
    b"by-sa",
    b"sa-by",
    b"by-nc",
    b"gnu general public",
)
RIGHTS = re.compile(rb"<rights[^>]*>([^<]*)</rights>")
FREE_RIGHTS = re.compile(rb"\s*|.*(?:public domain|cc0).*", re.DOTALL)
LICENCE = "music out of copyright; encodings distributed with music21 by their encoders' permission"


def states_restriction(text: bytes) -> bool:
    """Whether a score's own text reserves rights, bars a use, or binds what is made of it to its own licence."""
    text = text.lower()
    claims = (found.group(1) for found in RIGHTS.finditer(text))
    return any(words in text for words in RESTRICTIONS) or any(not FREE_RIGHTS.fullmatch(claim) for claim in claims)


def chosen(part: str) -> list[Collection]:
    """The collections whose style or folder is `part`; those free of restrictions for ''."""
    if not part:
        return [one for one in COLLECTIONS if not one.restriction]
    return [one for one in COLLECTIONS if part.lower() in (one.style, one.folder.lower())]
