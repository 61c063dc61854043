"""What incoming and outgoing transfers have in common outside of their state machines: link, events, disk jobs."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from desktop_app.core.errors import UserFacingError, sentence_for
from desktop_app.data.channels import FILES
from desktop_app.data.events import TransferChanged

from .errors import CLOSING, FileError
from .machine import TransferMachine
from .progress import RateMeter
from .workers import Lane, Stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.core.tasks import TaskOwner
    from desktop_app.data.events import DataEvent, Transfer, TransferState
    from desktop_app.data.port import Link

    from .workers import DiskWorkers

logger = logging.getLogger(__name__)
M = TypeVar("M", bound=TransferMachine)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every transfer needs."""

    workers: DiskWorkers
    tasks: TaskOwner
    emit: Callable[[DataEvent], None]
    now_s: Callable[[], float]


class ActiveTransfer(ABC, Generic[M]):
    """A state machine with its link and its file; on the engine loop."""

    def __init__(self, machine: M, user_id: str, surroundings: Surroundings) -> None:
        self.machine = machine
        self.user_id = user_id
        """With whom; of the newest link."""
        self.link: Link | None = None
        """None when they have left."""
        self.moved_bytes = 0
        self._around = surroundings
        self._meter = RateMeter()
        self._mean_bytes_s = 0.0
        self._running_since_s = 0.0
        self._shown: tuple[TransferState, str, str, int] | None = None
        self._shown_bytes = 0
        self._is_busy = False
        self._job: object | None = None
        """That runs now."""
        self.lane = Lane(surroundings.workers)
        self.stop = Stop(surroundings.workers.stop)
        """Of the job that runs now."""

    @property
    def is_bound(self) -> bool:
        """Whether a connection serves it at the moment."""
        return self.link is not None and self.machine.is_connected

    @property
    def is_idle(self) -> bool:
        """No job runs."""
        return not self._is_busy

    def bind(self, link: Link) -> None:
        """Serve it through this link from now on."""
        self.link = link
        self.user_id = link.user_id

    def lost(self) -> None:
        """The connection is gone."""
        if self.machine.is_connected:
            self.machine.lost()
        self.settle()

    def settle(self) -> None:
        """Do what follows from what the machine was told: messages, events, jobs."""
        machine = self.machine
        messages = tuple(machine.outbox)
        machine.outbox.clear()
        if self.link is not None:
            for message in messages:
                self.link.send(FILES.label, message)
        shown = (machine.state, machine.message, self.user_id, machine.resumed_from)
        if shown != self._shown:
            self._shown_state_changed()
            self._shown = shown
            self._show()
        if self._job is not None and not machine.needs(self._job):
            self.stop.set()
        if not self._is_busy:
            job = machine.next_job()
            if job is not None:
                self._is_busy = True
                self._around.tasks.spawn(self._work(job), name="file")

    def settle_safely(self) -> None:
        """Settle; what goes wrong ends this transfer alone."""
        try:
            self.settle()
        except Exception as error:
            logger.exception("a transfer failed")
            self.broke(error)

    def tick_safely(self) -> None:
        """A moment has passed; what goes wrong ends this transfer alone."""
        try:
            self.tick()
        except Exception as error:
            logger.exception("a transfer failed")
            self.broke(error)

    def broke(self, error: Exception) -> None:
        """A defect showed, which was logged."""
        self.machine.failed(FileError(sentence_for(error), code="defect"))
        try:
            self.settle()
        except Exception:
            logger.exception("and its end cannot be told")

    def tick(self) -> None:
        """A moment has passed."""
        machine = self.machine
        if machine.state == "running":
            self._meter.update(self._around.now_s(), machine.done_bytes)
            if machine.done_bytes != self._shown_bytes:
                self._show()

    @abstractmethod
    def release(self) -> None:
        """Let go of the file; on a worker thread, when no job runs."""

    @abstractmethod
    async def do(self, job: object) -> None:
        """Do a job on a worker thread, and tell the machine of the outcome."""

    @abstractmethod
    def snapshot(self) -> Transfer:
        """As it is shown."""

    async def _work(self, job: object | None) -> None:
        try:
            while job is not None:
                await self._try(job)
                self.settle_safely()
                job = self.machine.next_job()
        finally:
            self._is_busy = False

    async def _try(self, job: object) -> None:
        self.stop.clear()
        self._job = job
        try:
            await self.do(job)
        except UserFacingError as error:
            if error.code != CLOSING:
                self.machine.failed(error)
            elif not self._around.workers.stop.is_set():
                self.machine.stopped()
            # Otherwise it stays as it is, with no outcome, and no other job follows.
        except Exception as error:  # a defect ends this transfer alone
            logger.exception("a job of a transfer failed")
            self.machine.failed(FileError(sentence_for(error), code="defect"))
        finally:
            self._job = None

    def _shown_state_changed(self) -> None:
        machine, now_s = self.machine, self._around.now_s()
        if machine.state == "running":
            self._running_since_s = now_s
            self._meter.restart(now_s, machine.done_bytes)
            return
        self._meter.stop()
        elapsed_s = now_s - self._running_since_s
        if machine.state == "done" and elapsed_s > 0:
            self._mean_bytes_s = (machine.size_bytes - machine.resumed_from) / elapsed_s

    def _show(self) -> None:
        self._shown_bytes = self.machine.done_bytes
        self._around.emit(TransferChanged(self.snapshot()))

    @property
    def rate_bytes_s(self) -> float:
        """Of the last seconds; of the whole connection when it is done."""
        return self._mean_bytes_s if self.machine.state == "done" else self._meter.bytes_per_s

    @property
    def left_s(self) -> float | None:
        """How long it will take still, if that can be told."""
        return self._meter.left_s(self.machine.size_bytes - self.machine.done_bytes)
