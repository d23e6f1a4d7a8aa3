"""What became of each command at the local Discord: one result or one sentence, or what must not be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from bot.delivery.reply import MOVED
from jobs import keys
from sandbox.server.messages import InteractionState, Message
from tests.faults.system import BreakableSystem

MOVED_ON = MOVED.partition("{")[0]
ACCEPTABLE = ("answered", "unheard", "dropped")
OPEN = ("compose", "library", "train")


def outcomes(system: BreakableSystem) -> dict[int, str]:
    """By interaction: what its member sees.

    'answered': one result or one sentence. 'unheard': nobody acknowledged it, so Discord says that it failed.
    'dropped': acknowledged by a bot that was killed before the job was in the queue; Discord says so after 15 minutes.
    Any other is a fault: 'thinking', 'in progress' and 'nothing' of a job that was accepted, and 'twice'.
    """
    state = system.discord.state
    finals: defaultdict[int, list[str]] = defaultdict(list)
    for message in state.messages.values():
        if not message.deleted and (owner := _owner(message)) is not None:
            finals[owner].append(_kind(message))
    found = {}
    for number, interaction in state.interactions.items():
        kinds = [kind for kind in finals[number] if kind != "moved"]
        if kinds.count("final") == 1 and len(kinds) == 1:
            found[number] = "answered"
        elif kinds.count("final") > 1:
            found[number] = "twice"
        elif kinds:
            found[number] = next(kind for kind in kinds if kind != "final")
            if found[number] == "thinking" and not system.redis.exists(keys.record(str(number))):
                found[number] = "dropped"
        else:
            found[number] = "unheard" if interaction.state is not InteractionState.ACKNOWLEDGED else "nothing"
    return found


def _owner(message: Message) -> int | None:
    """The interaction that a message answers; one that came late carries it as its nonce."""
    if message.interaction is not None:
        return message.interaction.id
    nonce = str(message.nonce or "")
    return int(nonce) if nonce.isdecimal() else None


def _kind(message: Message) -> str:
    if message.is_loading:
        return "thinking"
    if message.content.startswith(MOVED_ON):
        return "moved"
    labels = {button.get("label") for row in message.components for button in row.get("components", ())}
    return "in progress" if "Stop" in labels else "final"


def left_behind(system: BreakableSystem) -> Iterator[str]:
    """What jobs that are over have left in Redis."""
    for kind in OPEN:
        if count := system.redis.zcard(keys.active(kind)):
            yield f"{count} open {kind} jobs"
    if count := system.redis.zcard(keys.UNDELIVERED):
        yield f"{count} undelivered results"
    if count := system.redis.llen("rq:queue:compose"):
        yield f"{count} jobs in the queue"


def wrong(system: BreakableSystem) -> tuple[str, ...]:
    """Each command that was accepted and not answered once: its id, its outcome, and the messages that show it."""
    found = []
    for number, outcome in outcomes(system).items():
        if outcome not in ACCEPTABLE:
            shown = [one for one in system.discord.state.messages.values() if not one.deleted and _owner(one) == number]
            texts = [f"{_kind(one)}: {one.content[:80]!r} {len(one.files)} files" for one in shown]
            found.append(f"{number} {outcome}: {'; '.join(texts) or 'no message'}")
    return tuple(found)


def counted(system: BreakableSystem) -> Counter[str]:
    """How many commands had which outcome."""
    return Counter(outcomes(system).values())
