"""Routes for application commands: the whole list at once, for all guilds or for one."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.discord.command_rules import check_commands
from sandbox.discord.errors import DiscordError, missing_access
from sandbox.discord.ratelimits import PREFIX
from sandbox.discord.rest.body import read_checked
from sandbox.discord.rest.gate import answer
from sandbox.discord.world import World

Json = dict[str, Any]

_OF_ALL = f"{PREFIX}/applications/{{application_id}}/commands"
_OF_GUILD = f"{PREFIX}/applications/{{application_id}}/guilds/{{guild_id}}/commands"


class CommandRoutes:
    """Handlers over one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        for path in (_OF_ALL, _OF_GUILD):
            router.add_get(path, self.list, allow_head=False)
            router.add_put(path, self.replace)
            router.add_get(f"{path}/{{command_id}}", self.get, allow_head=False)

    def _scope(self, request: web.Request) -> int | None:
        if request.match_info["application_id"] != str(self._world.bot.id):
            raise DiscordError(403, 20012, "You are not authorized to perform this action on this application")
        guild_id = request.match_info.get("guild_id")
        if guild_id is not None and guild_id != str(self._world.guild_id):
            raise missing_access()
        return None if guild_id is None else self._world.guild_id

    async def list(self, request: web.Request) -> web.Response:
        """The commands."""
        return answer(self._world.commands[self._scope(request)])

    async def get(self, request: web.Request) -> web.Response:
        """One command."""
        wanted = request.match_info["command_id"]
        found = next((one for one in self._world.commands[self._scope(request)] if one["id"] == wanted), None)
        if found is None:
            raise DiscordError(404, 10063, "Unknown application command")
        return answer(found)

    async def replace(self, request: web.Request) -> web.Response:
        """Replace all commands; one that keeps its type and name keeps its id."""
        scope = self._scope(request)
        body = await read_checked(request, "ApplicationCommandUpdateRequest", many=True)
        given = body.payload or []
        check_commands(given)
        before = {(one["type"], one["name"]): one["id"] for one in self._world.commands[scope]}
        made = [self._made(one, scope, before) for one in given]
        self._world.commands[scope] = made
        self._world.commands_changed()
        return answer(made)

    def _made(self, given: Json, scope: int | None, before: dict[tuple[int, str], str]) -> Json:
        world = self._world
        kind = given.get("type") or 1
        needed = given.get("default_member_permissions")
        made: Json = {
            "id": before.get((kind, given["name"])) or str(world.ids.next()),
            "application_id": str(world.bot.id),
            "version": str(world.ids.next()),
            "type": kind,
            "name": given["name"],
            "name_localizations": given.get("name_localizations"),
            "description": given.get("description") or "",
            "description_localizations": given.get("description_localizations"),
            "default_member_permissions": None if needed is None else str(needed),
            "dm_permission": given.get("dm_permission", True),
            "contexts": given.get("contexts"),
            "integration_types": given.get("integration_types") or [0],
            "nsfw": bool(given.get("nsfw")),
        }
        if given.get("options"):
            made["options"] = given["options"]
        if scope is not None:
            made["guild_id"] = str(scope)
        return made
