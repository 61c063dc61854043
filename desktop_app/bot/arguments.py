"""The bot's command line."""

from __future__ import annotations

import argparse
import math
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import urlsplit

from desktop_app.call.media_config import MediaConfig
from desktop_app.data.messages.chat import MAX_LINE_CHARS
from desktop_app.data.text import clean_text
from desktop_app.media.video_source import VideoFormat
from desktop_app.protocol.ice_url import parse_ice_server
from desktop_app.protocol.invite import parse_invite
from desktop_app.protocol.limits import MAX_ID_CHARS, MAX_NAME_CHARS
from desktop_app.protocol.rights import MAX_PASSWORD_CHARS
from desktop_app.protocol.text import has_forbidden_characters
from desktop_app.quality.planner import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktop_app.protocol.invite import Invite
    from desktop_app.protocol.messages import IceServer


@dataclass(frozen=True, slots=True)
class BotArguments:
    """What the command line says, checked."""

    server: str
    room: str
    name: str
    media: MediaConfig
    duration_s: float | None
    ice_servers: tuple[IceServer, ...]
    relay_only: bool
    fingerprint_sha256: str | None
    verbose: bool
    media_times: bool = False
    """Print when pictures and sound pass (media_times.py)."""
    say: str | None = None
    """To everybody, as soon as there is somebody who chats."""
    send_files: tuple[str, ...] = ()
    """Paths; offered to each participant who understands files, once."""
    encoded: bool = False
    """Send what was encoded once."""
    decode: bool = True
    receive: Literal["all", "sound", "nothing"] = "all"
    """Of what an SFU has; by a mesh everything comes."""
    screen: str | None = None
    """What to show as our screen, from the beginning."""
    access: str = field(default="", repr=False)
    """Of the link's secret."""
    password: str = field(default="", repr=False)
    receive_dir: str | None = None
    """Where all files go that are offered; None: they are declined."""


def _server(text: str) -> str:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise argparse.ArgumentTypeError("not a valid address") from error
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise argparse.ArgumentTypeError("must look like ws://HOST:PORT/ws")
    return text


def _text(limit: int) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not text or len(text) > limit or has_forbidden_characters(text):
            raise argparse.ArgumentTypeError(
                f"must have 1 to {limit} characters, none of them a control character"
            )
        return text

    return parse


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{2,4})x(\d{2,4})", text)
    if match is None:
        raise argparse.ArgumentTypeError("must look like 640x480")
    width, height = int(match[1]), int(match[2])
    if not (32 <= width <= 3840 and 32 <= height <= 2160) or width % 2 or height % 2:
        raise argparse.ArgumentTypeError("must be even numbers between 32x32 and 3840x2160")
    return width, height


def _fps(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 60:
        raise argparse.ArgumentTypeError("must be a whole number from 1 to 60")
    return int(text)


def _duration(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < 1e8:
        raise argparse.ArgumentTypeError("must be a number of seconds above 0")
    return seconds


def _chat_line(text: str) -> str:
    if not 1 <= len(clean_text(text)) <= MAX_LINE_CHARS:
        raise argparse.ArgumentTypeError(f"must have 1 to {MAX_LINE_CHARS} characters")
    return text


def _ice(text: str) -> IceServer:
    try:
        return parse_ice_server(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _link(text: str) -> Invite:
    try:
        return parse_invite(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _fingerprint(text: str) -> str:
    digits = text.replace(":", "").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise argparse.ArgumentTypeError("must be a SHA-256 in 64 hexadecimal digits")
    return digits


def parse_arguments(argv: Sequence[str] | None = None) -> BotArguments:
    """Parse the command line; a wrong one prints its reason and exits with status 2."""
    parser = argparse.ArgumentParser(
        prog="bridgecall-bot", description="A participant without a window. Prints one JSON object a line."
    )
    parser.add_argument("--server", type=_server, metavar="ws://HOST:PORT/ws")
    parser.add_argument("--room", type=_text(MAX_ID_CHARS))
    parser.add_argument(
        "--link",
        type=_link,
        default=os.environ.get("BRIDGECALL_LINK") or None,
        help="the invitation, in place of --server, --room and --fingerprint; BRIDGECALL_LINK in the environment "
        "keeps its secret out of the list of processes",
    )
    parser.add_argument(
        "--password",
        type=_text(MAX_PASSWORD_CHARS),
        default=os.environ.get("BRIDGECALL_PASSWORD") or None,
        help="of the room; who makes it sets it. BRIDGECALL_PASSWORD in the environment keeps it out of the list of "
        "processes",
    )
    parser.add_argument("--name", required=True, type=_text(MAX_NAME_CHARS), help="also the bot's userId")
    parser.add_argument("--camera", default="test", metavar="test|FILE|INDEX|none")
    parser.add_argument("--microphone", default="test", metavar="test|FILE|none")
    parser.add_argument("--size", default=(640, 480), type=_size, metavar="640x480")
    parser.add_argument("--fps", default=30, type=_fps)
    parser.add_argument(
        "--duration", type=_duration, metavar="SECONDS", help="leave after this time in the room"
    )
    parser.add_argument("--ice-server", action="append", default=[], type=_ice, metavar="URL[,USER,SECRET]")
    parser.add_argument("--relay-only", action="store_true", help="use relayed paths alone")
    parser.add_argument("--fingerprint", type=_fingerprint, help="SHA-256 of the server's own certificate")
    parser.add_argument(
        "--encoded",
        action="store_true",
        help="send test pattern and tone in a loop that is encoded once: costs little, for load tests",
    )
    parser.add_argument(
        "--no-decode", action="store_true", help="count what comes, and neither see nor hear it: likewise"
    )
    parser.add_argument(
        "--receive",
        choices=("all", "sound", "nothing"),
        default="all",
        help="what to ask an SFU for, until a view is told: likewise",
    )
    parser.add_argument("--quality", choices=get_args(Mode), default="automatic", help="what is sent")
    parser.add_argument("--dtx", action="store_true", help="send next to nothing during silence")
    parser.add_argument("--record-audio", metavar="FILE.wav", help="write what a speaker would play")
    parser.add_argument(
        "--media-times", action="store_true", help="print when pictures and sound pass, for measurements"
    )
    parser.add_argument(
        "--say", type=_chat_line, metavar="TEXT", help="say this when somebody is there to hear it"
    )
    parser.add_argument(
        "--send-file", action="append", default=[], metavar="PATH", help="offer this file to each participant"
    )
    parser.add_argument("--receive-dir", metavar="DIR", help="accept all files, and write them there")
    parser.add_argument("--screen", metavar="test|FILE", help="show the test pattern or a file as a screen")
    parser.add_argument("--verbose", action="store_true", help="log to standard error in detail")
    values = parser.parse_args(argv)
    invite: Invite | None = values.link
    if invite is not None:
        if values.server or values.room or values.fingerprint:
            parser.error("--link has server, room and fingerprint already")
        values.server, values.room = invite.websocket_url(), invite.room_id
        values.fingerprint = invite.fingerprint_sha256
    elif not values.server or not values.room:
        parser.error("--server and --room are needed, or --link")
    width, height = values.size
    return BotArguments(
        server=values.server,
        room=values.room,
        name=values.name,
        media=MediaConfig(
            camera=values.camera,
            video_format=VideoFormat(width, height, values.fps),
            microphone=values.microphone,
            speaker="none",
            # Files and tones are what the far end shall hear, unprocessed.
            echo_cancellation=False,
            noise_suppression=False,
            automatic_gain=False,
            dtx=values.dtx,
            quality=values.quality,
            recording=values.record_audio,
        ),
        duration_s=values.duration,
        ice_servers=tuple(values.ice_server),
        relay_only=values.relay_only,
        fingerprint_sha256=values.fingerprint,
        verbose=values.verbose,
        media_times=values.media_times,
        say=values.say,
        send_files=tuple(values.send_file),
        encoded=values.encoded,
        decode=not values.no_decode,
        receive=values.receive,
        screen=values.screen,
        access="" if invite is None else invite.access,
        password=values.password or "",
        receive_dir=values.receive_dir,
    )
