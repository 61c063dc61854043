"""A client of Janus's WebSocket API (https://janus.conf.meetecho.com/docs/rest, "WebSockets Interface").

One connection is one Janus session; everything that belongs to it is gone in Janus when the connection is.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import secrets
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError, ClientWSTimeout, WSMsgType

from desktop_app.core.errors import BridgecallError
from desktop_app.core.tasks import TaskOwner

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import ClientSession, ClientWebSocketResponse

    from .address import JanusAddress

    Answer = dict[str, Any]
    HandleListener = Callable[[str, Answer], None]

logger = logging.getLogger(__name__)

SUBPROTOCOL = "janus-protocol"
CONNECT_S = 3.0
REQUEST_S = 4.0
"""Without any word of Janus."""
MOST_REQUEST_S = 20.0
"""For an answer while Janus says other things: on a computer that is short of time it is slow, and not gone."""
CLOSE_S = 1.0
KEEPALIVE_S = 2.0
"""Between two signs of life: Janus forgets a session after its session_timeout (60 s by default), and we give up a
Janus that leaves one unanswered for REQUEST_S."""
MAX_ANSWER_BYTES = 4 * 1024 * 1024
_ONLY_ACKNOWLEDGED = ("trickle", "keepalive")
MAX_WAITING = 2000
"""Requests under way at a time."""


class JanusError(BridgecallError):
    """Janus refused a request; `code` is its error code, of the core or the plugin."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{text} ({code})")
        self.code = code


class JanusGoneError(JanusError):
    """There is no answer and there will be none: the connection is lost, or Janus is too late."""

    def __init__(self, text: str) -> None:
        super().__init__(0, text)


class Handle:
    """Our end of one plugin handle."""

    def __init__(self, client: JanusClient, handle_id: int) -> None:
        self._client = client
        self.id = handle_id

    async def message(self, body: Answer, jsep: Answer | None = None) -> tuple[Answer, Answer | None]:
        """What the plugin answers to `body`, and the session description that came with it.

        Raises:
            JanusError: it refuses.
            JanusGoneError: it does not answer.
        """
        fields: Answer = {"body": body, **({"jsep": jsep} if jsep else {})}
        answer = await self._client.request("message", handle_id=self.id, **fields)
        data = _dict(_dict(answer.get("plugindata")).get("data"))
        if "error_code" in data or "error" in data:
            raise JanusError(_int(data.get("error_code")), str(data.get("error", "refused"))[:200])
        answered = answer.get("jsep")
        return data, _dict(answered) if answered is not None else None

    async def trickle(self, candidate: object) -> None:
        """Pass a candidate on; None is the end of them."""
        await self._client.request(
            "trickle", handle_id=self.id, candidate=candidate if candidate else {"completed": True}
        )

    async def detach(self) -> None:
        """Give the handle up, with its PeerConnection; a connection that is lost has done so already."""
        self._client.forget(self.id)
        try:
            await self._client.request("detach", handle_id=self.id)
        except JanusError as error:
            logger.debug("detaching: %s", error)


class JanusClient:
    """A connection with one session. `on_lost` is called once, when it is lost and not closed by us."""

    def __init__(self, address: JanusAddress, on_lost: Callable[[], None]) -> None:
        self._address = address
        self._on_lost = on_lost
        self._socket: ClientWebSocketResponse | None = None
        self._session_id: int | None = None
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._acked: set[str] = set()  # those of the waiting ones that get an ack and nothing more
        self._unwanted: dict[str, None] = {}  # attach requests that nobody waits for any more
        self._listeners: dict[int, HandleListener] = {}
        self._numbers = itertools.count(1)
        self._prefix = secrets.token_hex(4)
        self._tasks = TaskOwner("janus")
        self._over = False
        self._heard_s = 0.0

    @property
    def handles(self) -> int:
        """Handles of ours that exist."""
        return len(self._listeners)

    async def connect(self, http: ClientSession) -> None:
        """Connect and create the session.

        Raises:
            JanusError: it refuses us.
            JanusGoneError: it cannot be reached.
        """
        try:
            async with asyncio.timeout(CONNECT_S):
                self._socket = await http.ws_connect(
                    self._address.url,
                    protocols=(SUBPROTOCOL,),
                    max_msg_size=MAX_ANSWER_BYTES,
                    compress=0,
                    timeout=ClientWSTimeout(ws_close=CLOSE_S),
                )
        except (OSError, ClientError, TimeoutError, ValueError) as error:
            raise JanusGoneError(f"no connection: {str(error) or type(error).__name__}") from None
        self._tasks.spawn(self._read(self._socket), name="reader")
        try:
            created = await self.request("create")
            self._session_id = _int(_dict(created.get("data")).get("id"))
        except JanusError:
            await self.close()
            raise
        self._tasks.spawn(self._keep_alive(), name="keepalive")

    async def attach(self, plugin: str, listener: HandleListener) -> Handle:
        """A new handle; `listener(kind, event)` is called for what is no answer to a request of ours.

        `kind` is Janus's word: event (then `event` is the plugin's data), webrtcup, hangup, slowlink, media, detached.

        Raises:
            JanusError: Janus refuses or is gone.
        """
        answer = await self.request("attach", plugin=plugin)
        handle_id = _int(_dict(answer.get("data")).get("id"))
        self._listeners[handle_id] = listener
        return Handle(self, handle_id)

    def forget(self, handle_id: int) -> None:
        """Report nothing of this handle any more."""
        self._listeners.pop(handle_id, None)

    async def request(self, verb: str, *, handle_id: int | None = None, **fields: Any) -> Answer:
        """Send a request and wait for its answer; an `ack` is not one.

        Raises:
            JanusError: Janus refuses.
            JanusGoneError: the connection is lost, or no answer comes.
        """
        if self._socket is None or self._over:
            raise JanusGoneError("not connected")
        if len(self._waiting) >= MAX_WAITING:
            raise JanusGoneError("too many requests wait for an answer")
        transaction = f"{self._prefix}-{next(self._numbers)}"
        message: Answer = {"janus": verb, "transaction": transaction, **fields}
        if self._session_id is not None:
            message["session_id"] = self._session_id
        if handle_id is not None:
            message["handle_id"] = handle_id
        if self._address.api_secret:
            message["apisecret"] = self._address.api_secret
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = future
        if verb in _ONLY_ACKNOWLEDGED:
            self._acked.add(transaction)
        try:
            async with asyncio.timeout(REQUEST_S):
                await self._socket.send_str(json.dumps(message))
            answer = await self._answer(future)
        except asyncio.CancelledError:
            self._give_up(verb, transaction)
            raise
        except TimeoutError:
            self._give_up(verb, transaction)
            raise JanusGoneError(f"no answer to {verb}") from None
        except (OSError, ClientError, RuntimeError) as error:
            raise JanusGoneError(f"the connection is lost: {error}") from None
        finally:
            self._waiting.pop(transaction, None)
            self._acked.discard(transaction)
        if answer.get("janus") == "error":
            error_ = _dict(answer.get("error"))
            raise JanusError(_int(error_.get("code")), str(error_.get("reason", "refused"))[:200])
        return answer

    async def _answer(self, future: asyncio.Future[Answer]) -> Answer:
        """Wait for it as long as Janus gives signs of life.

        Raises:
            TimeoutError: it does not.
        """
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        while True:
            until_s = min(max(begun_s, self._heard_s) + REQUEST_S, begun_s + MOST_REQUEST_S)
            if future.done() or loop.time() < until_s:
                await asyncio.wait((future,), timeout=max(0.0, until_s - loop.time()))
            if future.done():
                return future.result()
            if loop.time() >= until_s:
                raise TimeoutError

    async def close(self) -> None:
        """End the session and the connection; safe to call twice."""
        if self._socket is not None and not self._over and self._session_id is not None:
            try:
                await self.request("destroy")
            except JanusError as error:
                logger.debug("ending the session: %s", error)
        self._end()
        if self._socket is not None:
            await self._socket.close()
        await self._tasks.close()

    # --- inside ---------------------------------------------------------------------------------

    async def _read(self, socket: ClientWebSocketResponse) -> None:
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    break
                try:
                    parsed = json.loads(message.data)
                except (ValueError, RecursionError):
                    logger.warning("Janus sent something that is no JSON")
                    break
                if isinstance(parsed, dict):
                    self._take(parsed)
        finally:
            self._lose()

    def _take(self, message: Answer) -> None:
        self._heard_s = asyncio.get_running_loop().time()
        kind = message.get("janus")
        waiting = self._waiting.get(str(message.get("transaction")))
        if kind == "ack" and message.get("transaction") not in self._acked:
            return  # the answer comes by itself, and may even have come already
        if waiting is not None:
            if not waiting.done():
                waiting.set_result(message)
            return
        if message.get("transaction") in self._unwanted:
            self._drop(message)
            return
        if kind == "timeout":
            logger.warning("Janus has forgotten our session")
            self._lose()
            return
        sender = message.get("sender")
        listener = self._listeners.get(sender) if isinstance(sender, int) else None
        if listener is None or not isinstance(kind, str):
            return
        event = _dict(_dict(message.get("plugindata")).get("data")) if kind == "event" else message
        try:
            listener(kind, event)
        except Exception:
            logger.exception("an event of Janus could not be handled")

    def _give_up(self, verb: str, transaction: str) -> None:
        """Whoever waited for this is gone; a handle that comes all the same would stay for ever."""
        future = self._waiting[transaction]
        if verb != "attach" or self._over:
            return
        if future.done() and not future.cancelled() and future.exception() is None:
            self._drop(future.result())
        elif len(self._unwanted) < MAX_WAITING:
            self._unwanted[transaction] = None

    def _drop(self, attached: Answer) -> None:
        self._unwanted.pop(str(attached.get("transaction")), None)
        handle_id = _int(_dict(attached.get("data")).get("id"))
        if handle_id and not self._over:
            self._tasks.spawn(Handle(self, handle_id).detach(), name="detach")

    async def _keep_alive(self) -> None:
        while not self._over:
            await asyncio.sleep(KEEPALIVE_S)
            try:
                await self.request("keepalive")
            except JanusError as error:
                logger.debug("keepalive: %s", error)
                self._lose()

    def _lose(self) -> None:
        if not self._over:
            self._end()
            self._on_lost()

    def _end(self) -> None:
        self._over = True
        self._listeners.clear()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(JanusGoneError("the connection is lost"))


def _dict(value: object) -> Answer:
    return value if isinstance(value, dict) else {}


def _int(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
