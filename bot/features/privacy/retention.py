"""What is kept about members and for how long, in words; every period comes from the settings that are in force."""

from __future__ import annotations

import discord

from bot.features import embeds
from bot.wording import period_words
from jobs import JobSettings

POLICY = "The whole policy is in PRIVACY.md of the project; whoever runs this bot can tell you more."


def rows(settings: JobSettings) -> list[tuple[str, str]]:
    """What is kept, and for how long."""
    record, files = period_words(settings.record_ttl_s), period_words(settings.blob_ttl_s)
    failed = period_words(settings.failure_ttl_s)
    return [
        (
            "Your requests",
            "What you asked for, with your Discord id, the server, the channel and the time, so that buttons and "
            f"`/library` work. Deleted {record} after the piece is finished.",
        ),
        (
            "Files",
            "The MIDI files you attach, and the MIDI, audio and picture of your pieces. Deleted by the workers "
            f"{files} after they were last used; earlier where space runs short, the oldest first.",
        ),
        (
            "Progress and queue",
            f"Deleted after {period_words(settings.progress_ttl_s)}; entries of failed jobs after {failed}.",
        ),
        (
            "Stars and data sets",
            "Starred pieces are kept with their files until the star is taken away. What you add to a server's data "
            "set stays, with your Discord id, until it is removed there.",
        ),
        (
            "Not kept",
            "No messages, no member lists, no voice, no email addresses. Nothing is sold, passed on, or used outside "
            "the server it comes from. Models are trained only on the data sets of their own server.",
        ),
    ]


def privacy_card(settings: JobSettings) -> discord.Embed:
    """The answer to `/privacy`."""
    card = discord.Embed(
        title="What Cadenza keeps",
        description="`/forget-me` deletes everything that is kept about you, on all servers, at once.",
        colour=embeds.PLAIN,
    )
    for name, value in rows(settings):
        card.add_field(name=name, value=value, inline=False)
    card.set_footer(text=POLICY)
    return card
