"""The card of a bundle: data, licence, held-out figures, and the command that reproduces it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Card(BaseModel):
    """What a person should know before using a bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(max_length=80)
    description: str = Field(max_length=400)
    data: str = Field(description="what it was trained on, and how that was split")
    licence: str = Field(description="of the weights, as required by the data")
    non_commercial: bool = Field(default=False, description="whether the licence bars commercial use")
    figures: dict[str, float] = Field(default_factory=dict, description="held-out figures by name")
    command: str = Field(default="", description="reproduces this bundle")

    def page(self, name: str) -> str:
        """The card as Markdown."""
        figures = "".join(f"| {figure} | {value:g} |\n" for figure, value in self.figures.items())
        use = "\n\n**Not for commercial use.**" if self.non_commercial else ""
        made = f"\n\n## Made with\n```\n{self.command}\n```" if self.command else ""
        table = f"\n\n## Held-out figures\n| figure | value |\n|---|---|\n{figures}" if figures else ""
        return (
            f"# {name}: {self.title}\n\n{self.description}\n\n## Data\n{self.data}\n\n## Licence\n{self.licence}{use}"
            f"{table.rstrip()}{made}\n"
        )
