"""The few colours in use, each with one meaning."""

from __future__ import annotations

import discord

WAITING = discord.Colour.from_str("#8a8f98")
WORKING = discord.Colour.from_str("#5b8def")
DONE = discord.Colour.from_str("#3fb27f")
PLAIN = discord.Colour.from_str("#7a6ff0")
DOUBTFUL = discord.Colour.from_str("#d9a441")
