"""The licences a data set may have, in words that admins understand."""

from __future__ import annotations

from collections.abc import Mapping

from discord import app_commands

from jobs.contract import LicenceWord

LICENCES: Mapping[LicenceWord, str] = {  # at most 100 characters, Discord's limit
    "own-work": "Our own: we wrote or played it ourselves",
    "permission": "With permission of its author",
    "public-domain": "Public domain: no longer protected, such as the old masters",
    "cc0": "CC0: free for any use",
    "cc-by": "CC BY: any use, with credit",
    "cc-by-sa": "CC BY-SA: any use, with credit, under the same licence",
    "cc-by-nc": "CC BY-NC: non-commercial use, with credit",
    "cc-by-nc-sa": "CC BY-NC-SA: non-commercial use, with credit, under the same licence",
    "composed": "Composed by this bot",
}
CHOICES = [app_commands.Choice(name=words, value=str(word)) for word, words in LICENCES.items()]
