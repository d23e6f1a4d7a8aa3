"""Submits nightly trainings: a model is fitted to what was added to a server's data set since the last one.

The result is shown in the server's channel like any other training and is never promoted automatically. Several workers
may submit the same training: it has one id for each server and night, and the same request is the same job.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime

import redis

from jobs.admission import Admission
from jobs.contract import MIN_TRAINING_PIECES, BundleName, Delivery, TrainRequest
from jobs.errors import DuplicateJob, JobsError
from jobs.guild_state import NameCache, NightlySchedule, ScheduleStore
from jobs.settings import JobSettings
from model.errors import ModelError
from worker.background import PeriodicThread
from worker.library.server_library import ServerLibrary
from worker.settings import WorkerSettings

log = logging.getLogger(__name__)

CHECK_S = 60.0
SHORTEST_PAUSE_S = 20 * 3600.0  # between two of one server
FEWEST_NEW = 4  # pieces added since the last; for fewer the verdict would be noise
MINUTES = 30.0


class NightlyScheduler(PeriodicThread):
    """Checks every minute whether a training is due; submits during the hour that the settings name."""

    def __init__(self, settings: WorkerSettings, job_settings: JobSettings, connection: redis.Redis) -> None:
        super().__init__("scheduler", CHECK_S, self._check_now)
        self._settings = settings
        self._admission = Admission(connection, job_settings)
        self._schedules = ScheduleStore(connection)
        self._names = NameCache(connection)

    def _check_now(self) -> None:
        try:
            self.check(time.time())
        except redis.RedisError as error:
            log.warning("nightly trainings could not be checked: %s", error)

    def check(self, now: float) -> None:
        """Submit the trainings that are due at `now` (epoch seconds).

        Raises:
            redis.RedisError: Redis does not answer.
        """
        if datetime.fromtimestamp(now, UTC).hour != self._settings.night_hour:
            return
        for guild_id, schedule in self._schedules.all().items():
            if schedule.enabled and now - (schedule.last_run or 0.0) > SHORTEST_PAUSE_S:
                self._submit(guild_id, schedule, now)

    def _submit(self, guild_id: int, schedule: NightlySchedule, now: float) -> None:
        try:
            if not self._has_new_pieces(guild_id, schedule):
                return
            self._admission.submit(self._request(guild_id, schedule, now), _delivery(schedule))
        except DuplicateJob:
            log.info("server %d: another worker has submitted tonight's training already", guild_id)
        except (JobsError, ModelError) as error:
            log.warning("server %d: tonight's training is skipped: %s", guild_id, error)
            return
        self._schedules.mark_run(guild_id, now)

    def _has_new_pieces(self, guild_id: int, schedule: NightlySchedule) -> bool:
        """Whether enough was added since the last time."""
        sets = ServerLibrary(self._settings, guild_id).data_sets
        if schedule.data_set not in sets.names():
            return False
        pieces = sets.info(schedule.data_set).pieces
        new = [piece for piece in pieces if piece.added_s > (schedule.last_run or 0.0)]
        return len(pieces) >= MIN_TRAINING_PIECES and len(new) >= FEWEST_NEW

    def _request(self, guild_id: int, schedule: NightlySchedule, now: float) -> TrainRequest:
        day = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d")
        return TrainRequest(
            job_id=f"night-{guild_id}-{day}",
            requester_id=schedule.user_id,
            guild_id=guild_id,
            channel_id=schedule.channel_id,
            data_set=schedule.data_set,
            name=schedule.data_set,
            base=schedule.base or self._default_base(guild_id),
            minutes=MINUTES,
            nightly=True,
        )

    def _default_base(self, guild_id: int) -> BundleName:
        return self._names.preferred(guild_id) or self._settings.default_model


def _delivery(schedule: NightlySchedule) -> Delivery:
    """A message of its own in the channel: there is no interaction to answer."""
    return Delivery(application_id=0, channel_id=schedule.channel_id, user_id=schedule.user_id)
