"""What style a piece has, as a word: from a table's row, or from the folder it lies in.

A style is a composer or a collection ('chopin', 'pop', 'ryan'): lower-case ASCII words joined by '-', or '' where
nothing tells. Training gives it to the network as a control.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath


def style_name(text: str) -> str:
    """`text` as a style: without accents, lower-case, words joined by '-'; '' for a text without a letter."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", errors="ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain)) if re.search("[a-z]", plain) else ""


def composer_style(composer: str) -> str:
    """The family name: 'Franz Schubert / Franz Liszt' (a work and who arranged it) is 'schubert'."""
    words = composer.split("/")[0].split()
    return style_name(words[-1]) if words else ""


def style_of_row(row: dict[str, str]) -> str | None:
    """The style that a table's row names in `style` or `canonical_composer`; None without such a column."""
    if row.get("style") is not None:
        return style_name(row["style"])
    if row.get("canonical_composer") is not None:
        return composer_style(row["canonical_composer"])
    return None


def folder_styles(names: Sequence[str], is_archive: bool) -> dict[str, str]:
    """The style of each file by its first-level folder; in an archive, by the first below one that all files share.

    Files beside the folders have none, nor have those in folders named by numbers alone, such as years.
    """
    folders = {name: PurePosixPath(name).parts[:-1] for name in names}
    is_wrapped = is_archive and len({parts[:1] for parts in folders.values()}) == 1
    return {name: style_name("".join(parts[is_wrapped : is_wrapped + 1])) for name, parts in folders.items()}
