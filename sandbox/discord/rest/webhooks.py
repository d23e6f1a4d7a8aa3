"""What follows an interaction's first answer: its webhook, for 15 minutes."""

from __future__ import annotations

import hmac

from aiohttp import web

from sandbox.discord.errors import invalid_webhook_token, unknown_message, unknown_webhook
from sandbox.discord.interactions import Interaction, State
from sandbox.discord.messages import EPHEMERAL, Message
from sandbox.discord.ratelimits import PREFIX
from sandbox.discord.rest.body import read_checked
from sandbox.discord.rest.gate import answer
from sandbox.discord.rest.writing import change, edit, fill
from sandbox.discord.world import World

_WEBHOOK = f"{PREFIX}/webhooks/{{webhook_id}}/{{token}}"
_MESSAGE = f"{_WEBHOOK}/messages/{{message_id}}"


class WebhookRoutes:
    """Handlers over one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_post(_WEBHOOK, self.follow_up)
        router.add_get(_MESSAGE, self.get, allow_head=False)
        router.add_patch(_MESSAGE, self.edit)
        router.add_delete(_MESSAGE, self.delete)

    def _interaction(self, request: web.Request) -> Interaction:
        if request.match_info["webhook_id"] != str(self._world.bot.id):
            raise unknown_webhook()
        token = request.match_info["token"].encode()
        everyone = self._world.interactions.values()
        found = next((one for one in everyone if hmac.compare_digest(one.token.encode(), token)), None)
        if found is None:
            raise invalid_webhook_token()
        found.check_token(self._world.clock.now())
        if found.state is not State.ACKNOWLEDGED:
            raise unknown_webhook()
        return found

    def _message(self, request: web.Request, interaction: Interaction) -> Message:
        message_id = request.match_info["message_id"]
        if message_id == "@original":
            found = interaction.original
        else:
            found = self._world.messages.get(int(message_id)) if message_id.isdigit() else None
            mine = found is not None and (found.interaction is interaction or found is interaction.original)
            found = found if mine else None
        if found is None or found.deleted:
            raise unknown_message()
        return found

    async def follow_up(self, request: web.Request) -> web.Response:
        """Another message; the first one after a deferral takes the place of 'thinking…'."""
        interaction = self._interaction(request)
        body = await read_checked(request, "IncomingWebhookRequestPartial")
        world, first = self._world, interaction.original
        if first is not None and first.is_loading and not first.deleted:
            change(world, first, body)
            message = first
        else:
            message = world.new_message(interaction.channel, world.bot, interaction=interaction, answers=first)
            fill(world, message, body)
            if message.flags & EPHEMERAL:
                message.only_for = interaction.user
        world.save(message)
        if request.query.get("wait", "").lower() not in ("1", "true"):
            return answer()
        return answer(message.to_json(world.store))

    async def get(self, request: web.Request) -> web.Response:
        """A message of this interaction."""
        return answer(self._message(request, self._interaction(request)).to_json(self._world.store))

    async def edit(self, request: web.Request) -> web.Response:
        """Change a message of this interaction."""
        message = self._message(request, self._interaction(request))
        return await edit(self._world, message, request, "IncomingWebhookUpdateRequestPartial")

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a message of this interaction."""
        self._world.delete(self._message(request, self._interaction(request)))
        return answer()
