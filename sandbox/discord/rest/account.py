"""Routes about the bot itself, the gateway's address, and the guild, its members and channels."""

from __future__ import annotations

from aiohttp import web

from sandbox.discord.errors import DiscordError, missing_access, unknown_guild, unknown_user
from sandbox.discord.gateway import Gateway
from sandbox.discord.people import User, member_json
from sandbox.discord.permissions import Permission, allows
from sandbox.discord.ratelimits import PREFIX
from sandbox.discord.rest.body import read_checked
from sandbox.discord.rest.gate import answer
from sandbox.discord.world import World


class AccountRoutes:
    """Handlers over one world."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        for path in ("/oauth2/applications/@me", "/applications/@me"):
            router.add_get(f"{PREFIX}{path}", self.application, allow_head=False)
        for path, handler in (
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
        return answer({**self._world.bot.to_json(), "verified": True, "email": None, "mfa_enabled": True})

    async def application(self, request: web.Request) -> web.Response:
        """The application behind the bot."""
        world = self._world
        return answer(
            {
                "id": str(world.bot.id),
                "name": world.bot.name,
                "icon": None,
                "description": "",
                "bot_public": True,
                "bot_require_code_grant": False,
                "verify_key": "0" * 64,
                "flags": 0,
                "rpc_origins": [],
                "owner": world.owner.to_json(),
                "team": None,
                "bot": world.bot.to_json(),
                "approximate_guild_count": 1,
                "integration_types_config": {"0": {}},
            }
        )

    async def user(self, request: web.Request) -> web.Response:
        """A user."""
        return answer(self._user_of(request).to_json())

    def _user_of(self, request: web.Request) -> User:
        user_id = request.match_info["user_id"]
        found = self._world.users.get(int(user_id)) if user_id.isdigit() else None
        if found is None:
            raise unknown_user()
        return found

    async def gateway(self, request: web.Request) -> web.Response:
        """The gateway's address."""
        return answer({"url": self._gateway.url})

    async def gateway_bot(self, request: web.Request) -> web.Response:
        """The gateway's address with what a sharded bot wants to know."""
        limits = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
        return answer({"url": self._gateway.url, "shards": 1, "session_start_limit": limits})

    def _check_guild(self, request: web.Request) -> None:
        if request.match_info["guild_id"] != str(self._world.guild_id):
            raise unknown_guild()

    async def guild(self, request: web.Request) -> web.Response:
        """The guild."""
        self._check_guild(request)
        return answer(self._world.guild_json())

    async def guild_channels(self, request: web.Request) -> web.Response:
        """The guild's channels."""
        self._check_guild(request)
        return answer([self._world.channel.to_json()])

    async def guild_member(self, request: web.Request) -> web.Response:
        """A member of the guild."""
        self._check_guild(request)
        return answer(member_json(self._user_of(request)))

    async def channel(self, request: web.Request) -> web.Response:
        """A channel."""
        found = self._world.channel_of(request.match_info["channel_id"])
        if found.guild_id and not allows(self._world.bot_permissions, Permission.VIEW_CHANNEL):
            raise missing_access()
        return answer(found.to_json())

    async def open_direct_channel(self, request: web.Request) -> web.Response:
        """The channel of direct messages with a user."""
        body = await read_checked(request, "CreatePrivateChannelRequest")
        recipient = str(body.payload.get("recipient_id") or "")
        user = self._world.users.get(int(recipient)) if recipient.isdigit() else None
        if user is None or user.bot:
            raise DiscordError(400, 50033, "Invalid Recipient(s)")
        return answer(self._world.direct_channel(user).to_json())
