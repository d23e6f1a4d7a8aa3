"""The licences a data set can have: a closed list in words that a member understands, and what follows from each."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, field_validator

from model.errors import DataError

LONGEST_NOTE = 200  # letters


@dataclass(frozen=True)
class Licence:
    """One licence: the words a member chooses it by, and the sentence that goes onto the card of a trained model."""

    words: str
    sentence: str
    non_commercial: bool = False


LICENCES: dict[str, Licence] = {
    "own-work": Licence("I made this music myself", "by those who made the music"),
    "public-domain": Licence("nobody has rights in it any more", "public domain"),
    "cc0": Licence("given away by its author (CC0)", "CC0 1.0"),
    "cc-by": Licence("free with the author's name (CC BY)", "CC BY 4.0"),
    "cc-by-sa": Licence("free with the author's name, passed on alike (CC BY-SA)", "CC BY-SA 4.0"),
    "cc-by-nc": Licence("free with the author's name, not for money (CC BY-NC)", "CC BY-NC 4.0", True),
    "cc-by-nc-sa": Licence(
        "free with the author's name, not for money, passed on alike (CC BY-NC-SA)", "CC BY-NC-SA 4.0", True
    ),
    "permission": Licence("its author allowed me to use it here", "used by permission of the author"),
    "composed": Licence("composed by Cadenza", "composed by Cadenza"),
}


class Terms(BaseModel):
    """A licence out of `LICENCES` by its key, and what a member wrote beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str
    note: str = Field(default="", max_length=LONGEST_NOTE)

    @field_validator("licence")
    @classmethod
    def _known(cls, licence: str) -> str:
        if licence not in LICENCES:
            raise ValueError(f"'{licence}' is no licence: known are {', '.join(LICENCES)}")
        return licence

    @property
    def sentence(self) -> str:
        """The licence as a card states it, with the note in brackets."""
        return LICENCES[self.licence].sentence + (f" ({self.note})" if self.note else "")

    @property
    def non_commercial(self) -> bool:
        """Whether the licence bars commercial use."""
        return LICENCES[self.licence].non_commercial


def terms(licence: str, note: str = "") -> Terms:
    """The terms that were chosen; the note on one line, without signs that cannot be shown.

    Raises:
        DataError: for a licence that is not on the list, or a note over `LONGEST_NOTE` letters.
    """
    if licence not in LICENCES:
        known = "; ".join(f"{key} ({one.words})" for key, one in LICENCES.items())
        raise DataError(f"'{licence}' is no licence that is known here. Choose one of these: {known}.")
    shown = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in note)
    note = " ".join(shown.split())
    if len(note) > LONGEST_NOTE:
        raise DataError(f"The note on the licence has {len(note)} letters; {LONGEST_NOTE} are kept at most.")
    return Terms(licence=licence, note=note)
