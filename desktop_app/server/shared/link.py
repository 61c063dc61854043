"""Two connections to Redis that stand and fall together: commands in their order, and one channel.

Whoever uses it queues commands and goes on. What was queued when the connection was lost is dropped: after
`on_up` everything is compared anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, NoScriptError, RedisError, ResponseError

from desktop_app.core.errors import UserFacingError
from desktop_app.core.tasks import TaskOwner

from .scripts import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from redis.asyncio.client import PubSub

    from .address import RedisAddress

    Reply = Callable[[object], None]

logger = logging.getLogger(__name__)

CONNECT_S = 2.0
ANSWER_S = 5.0
"""How long one answer of Redis may take. A Redis that hangs is noticed before that, by the pulse."""

RETRY_S = 0.25
MAX_BATCH = 256
MAX_QUEUED = 20_000
MAX_QUEUED_BYTES = 32 * 1024 * 1024

_LOST = (RedisError, OSError, TimeoutError, EOFError)


class _Broken(Exception):
    """The link was given up from our side."""


CANCEL_AGAIN_S = 0.2


class RedisLink:
    """The way to Redis, kept up as long as this object lives."""

    def __init__(
        self,
        address: RedisAddress,
        channel: str,
        *,
        on_up: Callable[[], None],
        on_down: Callable[[], None],
        on_event: Callable[[bytes], None],
    ) -> None:
        self._address = address
        self._channel = channel
        self._on_up = on_up
        self._on_down = on_down
        self._on_event = on_event
        self._tasks = TaskOwner("redis")
        self._shas: dict[str, str] = {}
        self._queue: deque[tuple[tuple[Any, ...], Reply | None]] = deque()
        self._queued_bytes = 0
        self._news = asyncio.Event()
        self._broken: asyncio.Future[None] | None = None

    @property
    def up(self) -> bool:
        """Whether commands reach Redis, as far as is known."""
        return self._broken is not None and not self._broken.done()

    async def start(self) -> None:
        """Connect for the first time, and keep connected from then on.

        Raises:
            UserFacingError: code `redis-unreachable` or `redis-refused`, with a sentence.
        """
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks.spawn(self._keep_up(first), name="link")
        try:
            await first
        except BaseException:
            await self._tasks.close()
            raise

    def call(
        self, script: str, arguments: Sequence[str | bytes | int], on_reply: Reply | None = None
    ) -> None:
        """Run one of SCRIPTS; `on_reply` gets the answer, or is never called when the link is lost."""
        if self.up:
            self._put(("EVALSHA", self._shas[script], 0, *arguments), on_reply)

    def publish(self, channel: str, text: bytes, on_reply: Reply | None = None) -> None:
        """Publish on another server's channel, in order with the scripts; `on_reply` gets how many heard it."""
        if self.up:
            self._put(("PUBLISH", channel, text), on_reply)

    def give_up(self, why: str) -> None:
        """Take the link for lost, and connect anew."""
        if self._broken is not None and not self._broken.done():
            self._broken.set_exception(_Broken(why))

    async def close(self, script: str, arguments: Sequence[str]) -> None:
        """Do what is queued and run a last script, within a bounded time; then disconnect.

        The script may run twice, when the link is lost just now.
        """
        done = asyncio.Event()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_S):
                while not done.is_set():
                    self.call(script, arguments, lambda _: done.set())
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(done.wait(), RETRY_S)
        if not done.is_set():
            logger.warning("Redis was not told that this server ends; the others will notice")
        await self._tasks.close()

    def _put(self, command: tuple[Any, ...], on_reply: Reply | None) -> None:
        self._queued_bytes += sum(len(part) for part in command[2:] if isinstance(part, (str, bytes)))
        if len(self._queue) >= MAX_QUEUED or self._queued_bytes > MAX_QUEUED_BYTES:
            self.give_up("it does not keep up with us")
            return
        self._queue.append((command, on_reply))
        self._news.set()

    async def _keep_up(self, first: asyncio.Future[None]) -> None:
        while True:
            try:
                await self._live(first)
            except (*_LOST, _Broken) as error:
                if not first.done():
                    first.set_exception(_problem(self._address, error))
                    return
                if self._broken is not None:
                    # Only the kind: the texts of errors may hold an address with its password.
                    why = str(error) if isinstance(error, _Broken) else type(error).__name__
                    logger.warning("Redis was lost; trying to reach it again", extra={"reason": why})
            if self._broken is not None:
                self._broken = None
                self._queue.clear()
                self._queued_bytes = 0
                self._on_down()
            await asyncio.sleep(RETRY_S)

    async def _live(self, first: asyncio.Future[None]) -> None:
        """Connect and work until that fails."""
        options: dict[str, Any] = {
            "socket_connect_timeout": CONNECT_S,
            "socket_keepalive": True,
            "retry": Retry(NoBackoff(), 0),
        }
        async with (
            Redis.from_url(self._address.url, socket_timeout=ANSWER_S, **options) as commands,
            Redis.from_url(self._address.url, socket_timeout=None, **options) as listening,
            listening.pubsub(ignore_subscribe_messages=False) as channel,
        ):
            async with asyncio.timeout(2 * CONNECT_S):
                await channel.subscribe(self._channel)
                await channel.get_message(timeout=CONNECT_S)  # that it is subscribed
                for name, text in SCRIPTS.items():
                    self._shas[name] = str(await commands.script_load(text))
            broken = self._broken = asyncio.get_running_loop().create_future()
            if first.done():
                logger.warning("Redis is there again")
            self._on_up()
            if not first.done():
                first.set_result(None)
            tasks = [
                asyncio.create_task(self._listen(channel), name="redis:channel"),
                asyncio.create_task(self._write(commands), name="redis:commands"),
            ]
            try:
                await asyncio.wait([broken, *tasks], return_when=asyncio.FIRST_COMPLETED)
            finally:
                # redis-py swallows a cancellation that comes while it reads the answers of a pipeline.
                left: set[asyncio.Task[None]] = set(tasks)
                while left:
                    for task in left:
                        task.cancel()
                    _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_S)
                results = await asyncio.gather(*tasks, return_exceptions=True)
                given_up = broken.exception() if broken.done() else None
                broken.cancel()
            for error in (given_up, *results):
                if error is not None and not isinstance(error, asyncio.CancelledError):
                    raise error

    async def _listen(self, channel: PubSub) -> None:
        while True:
            message = await channel.get_message(ignore_subscribe_messages=True, timeout=None)
            if message is None or message["type"] != "message":
                continue
            try:
                self._on_event(message["data"])
            except Exception:
                logger.exception("a message by way of Redis could not be handled")

    async def _write(self, commands: Redis) -> None:
        while True:
            if not self._queue:
                self._news.clear()
                await self._news.wait()
            batch = [self._queue.popleft() for _ in range(min(MAX_BATCH, len(self._queue)))]
            if not self._queue:
                self._queued_bytes = 0
            pipeline = commands.pipeline(transaction=False)
            for command, _ in batch:
                pipeline.execute_command(*command)
            replies = await pipeline.execute(raise_on_error=False)
            for (_, on_reply), reply in zip(batch, replies, strict=True):
                if isinstance(reply, NoScriptError):
                    raise reply  # somebody emptied Redis' cache of scripts: load them again
                if isinstance(reply, Exception):
                    logger.error("Redis refused a command: %s", type(reply).__name__)
                    raise reply
                if on_reply is not None:
                    on_reply(reply)


def _problem(address: RedisAddress, error: Exception) -> UserFacingError:
    if isinstance(error, (AuthenticationError, NoPermissionError)):
        return UserFacingError(
            f"Redis at {address} does not accept the user or the password.", code="redis-refused"
        )
    if isinstance(error, ResponseError):
        return UserFacingError(
            f"Redis at {address} does not do what is needed; check its version (6 or newer) and the password.",
            code="redis-refused",
        )
    tls = ", or its certificate cannot be trusted" if address.shown.startswith("rediss:") else ""
    return UserFacingError(f"Redis at {address} cannot be reached{tls}.", code="redis-unreachable")
