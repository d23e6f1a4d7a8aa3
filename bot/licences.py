"""The licences a data set may have, in words that admins understand."""

from __future__ import annotations

from collections.abc import Mapping

from discord import app_commands

from jobs.contract import LicenceWord

LICENCES: Mapping[LicenceWord, str] = {  # at most 100 characters, Discord's limit
    "own-work": "our own: we wrote or played it ourselves",
    "permission": "by permission: whoever wrote it lets us",
    "public-domain": "public domain: nobody's rights hold any more, such as old masters",
    "cc0": "CC0: given away for any use",
    "cc-by": "CC BY: any use, the author must be named",
    "cc-by-sa": "CC BY-SA: named, and what is made of it under the same licence",
    "cc-by-nc": "CC BY-NC: named, and not for money",
    "cc-by-nc-sa": "CC BY-NC-SA: named, not for money, under the same licence",
    "composed": "composed by this bot",
}
CHOICES = [app_commands.Choice(name=words, value=str(word)) for word, words in LICENCES.items()]
