"""However much there is to tell, a card stays within what Discord takes."""

from __future__ import annotations

import discord
import pytest

from bot.features.datasets import cards as data_sets
from bot.features.models import cards as models
from bot.features.training import cards as training
from jobs.contract import (
    Batch,
    DataSetPage,
    DataSets,
    DataSetSummary,
    Delivery,
    ListedPiece,
    Listening,
    Models,
    ModelVersion,
    ModelVersions,
    Record,
    Stage,
    TrainProgress,
    TrainRequest,
    TrainResult,
    Update,
    Verdict,
)
from jobs.guild_state import NightlySchedule
from tests.bot.harness import VERSION

LONG = "_" * 200  # every sign of which is escaped
NAME = "n" * 32
FILES = ((LONG, LONG),) * 20
SUMMARY = DataSetSummary(
    name=NAME, licence=LONG * 3, non_commercial=True, pieces=2000, notes=10**7, minutes=9999.0, size=2 * 10**8,
    instruments=((LONG, 9),) * 30, keys=(("C# minor", 9),) * 24,
)  # fmt: skip
PIECES = tuple(ListedPiece(number=n, name=LONG, digest="a" * 64, notes=10**5, seconds=1800.0) for n in range(1, 21))
LONG_VERSION = ModelVersion(
    version=VERSION, created_at=1e9, size=9**9, is_current=True, title=LONG, description=LONG * 20, data=LONG * 9,
    licence=LONG * 9, figures={f"{LONG}{n}": 1.0 for n in range(60)},
)  # fmt: skip
MODEL = ModelVersions(name=NAME, versions=(LONG_VERSION,) * 40)
REQUEST = TrainRequest(job_id="1", requester_id=1, guild_id=2, channel_id=3, data_set=NAME, name=NAME, base=NAME)
COPYING = Verdict(
    before_nats=2.4, after_nats=2.2, gain=0.1, base_before_nats=1.0, base_after_nats=1.1, loss=0.1, copy_share=0.5,
    human_share=0.1, longest_run=99, copy_limit=0.2, is_copying=True, sentences=(LONG * 5,) * 5,
)  # fmt: skip
RESULT = TrainResult(
    job_id="1", name=NAME, model_version=VERSION, verdict=COPYING, epochs=9, best_epoch=3, seconds=9e4,
    listening=(Listening(title=LONG, seed_s=8.0),) * 3, remarks=(LONG,) * 9,
)  # fmt: skip
RECORD = Record(
    request=REQUEST, stage=Stage.DONE, enqueued_at=1e9, result=RESULT,
    delivery=Delivery(application_id=1, channel_id=2, user_id=3, message_id=4),
)  # fmt: skip
AT_WORK = Update(
    stage=Stage.TRAINING,
    fraction=0.4,
    training=TrainProgress(epoch=3, epochs=9, train_nats=1, val_nats=2, base_nats=3, best_epoch=2, remaining_s=9e4),
)
PLAYERS = {f"{n}{which}.mp3" for n in (1, 2, 3) for which in ("a-before", "b-after")}
CARDS = {
    "data sets": data_sets.list_card(DataSets(sets=(SUMMARY,) * 60)),
    "a data set": data_sets.page_card(DataSetPage(summary=SUMMARY, pieces=PIECES, pages=9), "x.png"),
    "what was added": data_sets.batch_card(
        Batch(accepted=3, repaired=FILES, refused=FILES, duplicates=FILES, summary=SUMMARY), "x.png"
    ),
    "models": models.list_card(Models(models=(MODEL,) * 60)),
    "a model": models.info_card(Models(models=(MODEL,), is_detailed=True)),
    "a training on its way": training.live_card(REQUEST, AT_WORK, "x.png"),
    "open trainings": training.status_card(
        [(RECORD, AT_WORK)] * 30, NightlySchedule(enabled=True, channel_id=1, user_id=2, last_run=1e9)
    ),
    "all trainings": training.trainings_card([RECORD] * 50),
    "a verdict": training.verdict_card(REQUEST, RESULT, PLAYERS, "x.png", [LONG] * 6),
}


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_a_card_is_never_larger_than_discord_takes(card: discord.Embed) -> None:
    assert len(card) <= 6000
    assert len(card.title or "") <= 256
    assert len(card.description or "") <= 4096
    assert len(card.footer.text or "") <= 2048
    assert len(card.fields) <= 25
    for field in card.fields:
        assert 0 < len(field.name) <= 256
        assert 0 < len(field.value) <= 1024
