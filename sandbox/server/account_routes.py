"""REST routes of the bot's account, the gateway's address, the guild, its channels, and the application's commands."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.server.errors import (
    INVALID_RECIPIENT,
    MISSING_ACCESS,
    UNKNOWN_COMMAND,
    UNKNOWN_GUILD,
    UNKNOWN_USER,
    WRONG_APPLICATION,
    DiscordError,
)
from sandbox.server.gateway import Gateway
from sandbox.server.guild import Permission, User, allows, member_json
from sandbox.server.limits import check_commands
from sandbox.server.messages import SLASH
from sandbox.server.middleware import json_answer, takes_query
from sandbox.server.rate_limits import PREFIX
from sandbox.server.request_body import read_validated
from sandbox.server.state import DiscordState

Json = dict[str, Any]


class AccountRoutes:
    """The bot, the guild, its members and channels."""

    def __init__(self, state: DiscordState, gateway: Gateway) -> None:
        self._state = state
        self._gateway = gateway

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the routes."""
        for path, handler in (
            ("/oauth2/applications/@me", self.application),
            ("/applications/@me", self.application),
            ("/users/@me", self.me),
            ("/users/{user_id}", self.user),
            ("/gateway", self.gateway),
            ("/gateway/bot", self.gateway_bot),
            ("/guilds/{guild_id}", self.guild),
            ("/guilds/{guild_id}/channels", self.guild_channels),
            ("/guilds/{guild_id}/members/{user_id}", self.guild_member),
            ("/channels/{channel_id}", self.channel),
        ):
            router.add_get(f"{PREFIX}{path}", handler, allow_head=False)
        router.add_post(f"{PREFIX}/users/@me/channels", self.open_direct_channel)

    async def me(self, request: web.Request) -> web.Response:
        """The bot's user."""
        return json_answer({**self._state.bot.to_json(), "verified": True, "email": None, "mfa_enabled": True})

    async def application(self, request: web.Request) -> web.Response:
        """The bot's application."""
        state = self._state
        return json_answer(
            {
                "id": str(state.bot.id),
                "name": state.bot.name,
                "icon": None,
                "description": "",
                "bot_public": True,
                "bot_require_code_grant": False,
                "verify_key": "0" * 64,
                "flags": 0,
                "rpc_origins": [],
                "owner": state.owner.to_json(),
                "team": None,
                "bot": state.bot.to_json(),
                "approximate_guild_count": 1,
                "integration_types_config": {"0": {}},
            }
        )

    async def user(self, request: web.Request) -> web.Response:
        """A user."""
        return json_answer(self._user(request).to_json())

    def _user(self, request: web.Request) -> User:
        found = self._state.find_user(request.match_info["user_id"])
        if found is None:
            raise DiscordError(UNKNOWN_USER)
        return found

    async def gateway(self, request: web.Request) -> web.Response:
        """The gateway's address."""
        return json_answer({"url": self._gateway.url})

    async def gateway_bot(self, request: web.Request) -> web.Response:
        """The gateway's address, with the shards and the session starts that are left."""
        limits = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
        return json_answer({"url": self._gateway.url, "shards": 1, "session_start_limit": limits})

    def _check_guild(self, request: web.Request) -> None:
        if request.match_info["guild_id"] != str(self._state.guild_id):
            raise DiscordError(UNKNOWN_GUILD)

    @takes_query("with_counts")
    async def guild(self, request: web.Request) -> web.Response:
        """The guild."""
        self._check_guild(request)
        return json_answer(self._state.guild_json())

    async def guild_channels(self, request: web.Request) -> web.Response:
        """The guild's channels."""
        self._check_guild(request)
        return json_answer([self._state.channel.to_json()])

    async def guild_member(self, request: web.Request) -> web.Response:
        """A member of the guild."""
        self._check_guild(request)
        return json_answer(member_json(self._user(request)))

    async def channel(self, request: web.Request) -> web.Response:
        """A channel."""
        found = self._state.channel_of(request.match_info["channel_id"])
        if found.guild_id and not allows(self._state.bot_permissions, Permission.VIEW_CHANNEL):
            raise DiscordError(MISSING_ACCESS)
        return json_answer(found.to_json())

    async def open_direct_channel(self, request: web.Request) -> web.Response:
        """The channel of direct messages with a user."""
        body = await read_validated(request, "CreatePrivateChannelRequest")
        user = self._state.find_user(str(body.payload.get("recipient_id") or ""))
        if user is None or user.bot:
            raise DiscordError(INVALID_RECIPIENT)
        return json_answer(self._state.direct_channel(user).to_json())


class CommandRoutes:
    """The application's commands: the whole list at once, global or of one guild."""

    def __init__(self, state: DiscordState) -> None:
        self._state = state

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the routes."""
        application = f"{PREFIX}/applications/{{application_id}}"
        for path in (f"{application}/commands", f"{application}/guilds/{{guild_id}}/commands"):
            router.add_get(path, self.list, allow_head=False)
            router.add_put(path, self.replace)
            router.add_get(f"{path}/{{command_id}}", self.get, allow_head=False)

    def _scope(self, request: web.Request) -> int | None:
        if request.match_info["application_id"] != str(self._state.bot.id):
            raise DiscordError(WRONG_APPLICATION)
        guild_id = request.match_info.get("guild_id")
        if guild_id is not None and guild_id != str(self._state.guild_id):
            raise DiscordError(MISSING_ACCESS)
        return None if guild_id is None else self._state.guild_id

    @takes_query("with_localizations")
    async def list(self, request: web.Request) -> web.Response:
        """The commands."""
        return json_answer(self._state.commands[self._scope(request)])

    async def get(self, request: web.Request) -> web.Response:
        """One command."""
        wanted = request.match_info["command_id"]
        found = next((one for one in self._state.commands[self._scope(request)] if one["id"] == wanted), None)
        if found is None:
            raise DiscordError(UNKNOWN_COMMAND)
        return json_answer(found)

    async def replace(self, request: web.Request) -> web.Response:
        """Replace all commands; one that keeps its type and name keeps its id."""
        scope = self._scope(request)
        body = await read_validated(request, "ApplicationCommandUpdateRequest", many=True)
        given = body.payload or []
        check_commands(given)
        old_ids = {(one["type"], one["name"]): one["id"] for one in self._state.commands[scope]}
        commands = [self._command(one, scope, old_ids) for one in given]
        self._state.replace_commands(scope, commands)
        return json_answer(commands)

    def _command(self, given: Json, scope: int | None, old_ids: dict[tuple[int, str], str]) -> Json:
        state = self._state
        kind = given.get("type") or SLASH
        permissions = given.get("default_member_permissions")
        command: Json = {
            "id": old_ids.get((kind, given["name"])) or str(state.ids.next()),
            "application_id": str(state.bot.id),
            "version": str(state.ids.next()),
            "type": kind,
            "name": given["name"],
            "name_localizations": given.get("name_localizations"),
            "description": given.get("description") or "",
            "description_localizations": given.get("description_localizations"),
            "default_member_permissions": None if permissions is None else str(permissions),
            "dm_permission": given.get("dm_permission", True),
            "contexts": given.get("contexts"),
            "integration_types": given.get("integration_types") or [0],
            "nsfw": bool(given.get("nsfw")),
        }
        if given.get("options"):
            command["options"] = given["options"]
        if scope is not None:
            command["guild_id"] = str(scope)
        return command
