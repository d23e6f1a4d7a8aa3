"""What the card of a new bundle is to say."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

LONGEST_TITLE = 80  # letters


class About(BaseModel):
    """What is left out follows from the base and the set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(default="", max_length=LONGEST_TITLE)
    licence: str = Field(default="", description="of the set")
    data: str = Field(default="", description="what the set is")
    non_commercial: bool = Field(default=False, description="whether the set's licence bars commercial use")
    command: str = Field(default="", description="what makes the bundle again")
