"""The requests of Janus's VideoRoom plugin that we make (https://janus.conf.meetecho.com/docs/videoroom)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .client import Handle, JanusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PLUGIN = "janus.plugin.videoroom"
ROOM_PREFIX = "bridgecall-"
NO_SUCH_ROOM = 426
ROOM_EXISTS = 427
NO_SUCH_FEED = 428
UNAUTHORIZED = 433
MAX_PUBLISHERS = 256
"""Of one room: more than people, since somebody who publishes anew does so before the old publication ends."""
BITRATE_BPS = 5_000_000
"""What Janus tells a publisher to send at most (REMB), for camera, thumbnail and screen together."""


@dataclass(frozen=True, slots=True)
class FeedMid:
    """An m-line of a publication, as the plugin names it."""

    feed: str
    mid: str


@dataclass(frozen=True, slots=True)
class PluginStream:
    """An m-line of a subscription, as the plugin reports it; `source` is None when nothing is on it."""

    mid: str
    kind: str
    source: FeedMid | None
    disabled: bool = False
    """Of a publication: Janus has no codec for it, and gives it to nobody."""


def new_room_id() -> str:
    """A room's name in Janus, which nobody can guess and which says nothing about the room."""
    return ROOM_PREFIX + secrets.token_hex(16)


def _derived(admin_key: str, room_id: str, purpose: str) -> str:
    """The same on every server that has the key, so that a room can outlive the server that made it."""
    return hmac.new(admin_key.encode(), f"{purpose}:{room_id}".encode(), hashlib.sha256).hexdigest()


class VideoRoom:
    """Rooms of one Janus, by a handle that is in none of them."""

    def __init__(self, handle: Handle, admin_key: str) -> None:
        self._handle = handle
        self._admin_key = admin_key

    def pin(self, room_id: str) -> str:
        """What one has to know to enter."""
        return _derived(self._admin_key, room_id, "pin")

    async def create(self, room_id: str) -> None:
        """Create the room, unless another server has done so.

        Raises:
            JanusError: Janus refuses or is gone.
        """
        body: dict[str, Any] = {
            "request": "create",
            "admin_key": self._admin_key,
            "room": room_id,
            "description": "",
            "secret": self._secret(room_id),
            "pin": self.pin(room_id),
            "allowed": [secrets.token_hex(16)],  # that there is a list makes Janus check tokens
            "is_private": True,
            "permanent": False,
            "publishers": MAX_PUBLISHERS,
            "bitrate": BITRATE_BPS,
            "bitrate_cap": True,
            "fir_freq": 0,
            "audiocodec": "opus",
            "videocodec": "vp8",
            "opus_fec": True,
            "audiolevel_ext": True,
            "audiolevel_event": False,
            "transport_wide_cc_ext": True,
            "notify_joining": False,
            "record": False,
            "lock_record": True,
        }
        try:
            await self._handle.message(body)
        except JanusError as error:
            if error.code != ROOM_EXISTS:
                raise

    async def destroy(self, room_id: str) -> None:
        """Destroy the room, with every publication and subscription in it, if it exists.

        Raises:
            JanusError: Janus refuses or is gone.
        """
        try:
            await self._handle.message(
                {"request": "destroy", "room": room_id, "secret": self._secret(room_id), "permanent": False}
            )
        except JanusError as error:
            if error.code != NO_SUCH_ROOM:
                raise

    async def allow(self, room_id: str, token: str) -> None:
        """Let whoever has this token publish in the room."""
        await self._tokens("add", room_id, token)

    async def disallow(self, room_id: str, token: str) -> None:
        """The token is worth nothing any more."""
        await self._tokens("remove", room_id, token)

    async def rooms(self) -> dict[str, int]:
        """Our rooms, and how many publish in each; those of other servers as well.

        Raises:
            JanusError: Janus refuses or is gone.
        """
        data, _ = await self._handle.message({"request": "list", "admin_key": self._admin_key})
        found: dict[str, int] = {}
        listed = data.get("list")
        for each in listed if isinstance(listed, list) else []:
            if not isinstance(each, dict):
                continue
            room, count = each.get("room"), each.get("num_participants")
            if isinstance(room, str) and room.startswith(ROOM_PREFIX) and isinstance(count, int):
                found[room] = count
        return found

    async def _tokens(self, action: str, room_id: str, token: str) -> None:
        await self._handle.message(
            {
                "request": "allowed",
                "room": room_id,
                "secret": self._secret(room_id),
                "action": action,
                "allowed": [token],
            }
        )

    def _secret(self, room_id: str) -> str:
        return _derived(self._admin_key, room_id, "secret")


async def publish(
    handle: Handle,
    room_id: str,
    *,
    feed: str,
    pin: str,
    token: str,
    sdp: str,
    names: Iterable[tuple[str, str]],
) -> tuple[str, list[PluginStream]]:
    """Enter the room as `feed` and publish; `names` are mids and what they carry.

    Returns the answer's SDP, and the m-lines that Janus has found in the offer.

    Raises:
        JanusError: Janus refuses or is gone.
    """
    await handle.message(
        {"request": "join", "ptype": "publisher", "room": room_id, "id": feed, "pin": pin, "token": token}
    )
    descriptions = [{"mid": mid, "description": kind} for mid, kind in names]
    data, jsep = await handle.message(
        {"request": "publish", "descriptions": descriptions}, {"type": "offer", "sdp": sdp}
    )
    return _sdp(jsep, "answer"), _streams(data)


async def subscribe_first(
    handle: Handle, room_id: str, *, pin: str, sources: Iterable[FeedMid]
) -> tuple[str, list[PluginStream]]:
    """Enter the room as a subscriber. Returns the SDP of the offer, and what is on its m-lines.

    Raises:
        JanusError: Janus refuses (NO_SUCH_FEED: one of `sources` is not published now) or is gone.
    """
    data, jsep = await handle.message(
        {
            "request": "join",
            "ptype": "subscriber",
            "room": room_id,
            "pin": pin,
            "autoupdate": False,  # each offer is ours to ask for: two at a time would be a mess
            "use_msid": False,
            "streams": [_names(source) for source in sources],
        }
    )
    return _sdp(jsep, "offer"), _streams(data)


async def subscribe_more(handle: Handle, sources: Iterable[FeedMid]) -> tuple[str | None, list[PluginStream]]:
    """As subscribe_first, of a subscriber that exists; no SDP when nothing has to be negotiated."""
    body = {"request": "subscribe", "streams": [_names(source) for source in sources]}
    data, jsep = await handle.message(body)
    return (_sdp(jsep, "offer") if jsep else None), _streams(data)


async def unsubscribe(handle: Handle, mids: Iterable[str]) -> tuple[str | None, list[PluginStream]]:
    """Let nothing be on these m-lines; as subscribe_more."""
    data, jsep = await handle.message(
        {"request": "unsubscribe", "streams": [{"sub_mid": mid} for mid in mids]}
    )
    return (_sdp(jsep, "offer") if jsep else None), _streams(data)


async def switch(
    handle: Handle, changes: Sequence[tuple[str, FeedMid]]
) -> tuple[str | None, list[PluginStream]]:
    """Let something else be on m-lines that carry something; a gone source makes Janus negotiate, so as above."""
    streams = [{**_names(source), "sub_mid": mid} for mid, source in changes]
    data, jsep = await handle.message({"request": "switch", "streams": streams})
    return (_sdp(jsep, "offer") if jsep else None), _streams(data)


async def start(handle: Handle, sdp: str) -> None:
    """Take a subscriber's answer.

    Raises:
        JanusError: Janus refuses it or is gone.
    """
    await handle.message({"request": "start"}, {"type": "answer", "sdp": sdp})


def _names(source: FeedMid) -> dict[str, Any]:
    return {"feed": source.feed, "mid": source.mid}


def _sdp(jsep: dict[str, Any] | None, kind: str) -> str:
    sdp = (jsep or {}).get("sdp")
    if not isinstance(sdp, str) or (jsep or {}).get("type") != kind:
        raise JanusError(0, f"Janus sent no {kind}")
    return sdp


def _streams(data: dict[str, Any]) -> list[PluginStream]:
    listed = data.get("streams")
    found = []
    for each in listed if isinstance(listed, list) else []:
        if not isinstance(each, dict) or not isinstance(each.get("mid"), str):
            raise JanusError(0, "Janus sent a list of streams that is malformed")
        feed, mid = each.get("feed_id"), each.get("feed_mid")
        source = FeedMid(feed, mid) if isinstance(feed, str) and isinstance(mid, str) else None
        there = source if each.get("active") else None
        found.append(PluginStream(each["mid"], str(each.get("type")), there, bool(each.get("disabled"))))
    return found
