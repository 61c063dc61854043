"""What is fed with hostile bytes. A target returns when all is well, also for input that is refused as it should be."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from aiortc.sdp import SessionDescription

from desktop_app.data import codec as data_codec
from desktop_app.data.channels import BOARD, CHAT, CONTROL, FILES, POINTER
from desktop_app.protocol import codec, invite
from desktop_app.protocol.errors import ProtocolError
from desktop_app.rtc import negotiation
from desktop_app.rtc.data_section import is_offered
from desktop_app.settings.store import SettingsStore

from . import media, seeds

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads what strangers wrote."""

    name: str
    feed: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    """Valid inputs."""


def _text(data: bytes) -> str:
    # Lone surrogates are text for Python, and JSON can spell them.
    return data.decode("utf-8", errors="surrogatepass" if b"\xed" in data else "replace")


def _safe_text(data: bytes) -> str:
    try:
        return _text(data)
    except UnicodeDecodeError:
        return data.decode("utf-8", errors="replace")


def client_message(data: bytes) -> None:
    """What a client sends to the server; what is understood is understood again when it is written anew."""
    try:
        message = codec.decode_client_message(_safe_text(data))
    except ProtocolError:
        return
    assert codec.decode_client_message(codec.encode_client_message(message)) == message


def server_message(data: bytes) -> None:
    """What a server sends to a client."""
    try:
        message = codec.decode_server_message(_safe_text(data))
    except ProtocolError:
        return
    if message is not None:
        assert codec.decode_server_message(codec.encode_server_message(message)) == message


def signal(data: bytes) -> None:
    """What a participant sends to another one through the server, up to the description that aiortc would get."""
    try:
        value = json.loads(_safe_text(data))
    except (ValueError, RecursionError):
        return
    try:
        message = negotiation.parse_signal(value)
    except ValueError:
        return
    if isinstance(message, negotiation.Description):
        description(message.sdp.encode("utf-8", errors="replace"))


def description(data: bytes) -> None:
    """An SDP: our checks, and then the parser of aiortc, of which the peer's queue catches whatever it raises."""
    sdp = _safe_text(data)
    negotiation.media_kinds(sdp)
    negotiation.ice_username_fragment(sdp)
    is_offered(sdp)
    try:
        negotiation.parse_signal({"type": "offer", "sdp": sdp})
    except ValueError:
        return
    try:
        parsed = SessionDescription.parse(sdp)
    except Exception:  # noqa: BLE001 - the connection to whoever sent it fails, and nothing else
        return
    assert len(parsed.media) <= negotiation.MAX_SDP_MEDIA


def candidate(data: bytes) -> None:
    """A candidate's line."""
    try:
        read = negotiation.parse_signal({"candidate": _safe_text(data), "sdpMLineIndex": 0})
    except ValueError:
        return
    assert isinstance(read, negotiation.Candidate)
    if read.candidate is not None:
        assert 0 <= read.candidate.port <= 0xFFFF


def link(data: bytes) -> None:
    """An invite link, or what somebody typed; a link that is read makes the same link again."""
    text = _safe_text(data)
    for read in (invite.parse_invite, lambda typed: invite.parse_target(typed, "calls.example.org")):
        try:
            found = read(text)
        except ValueError as error:
            sentence = str(error)
        else:
            sentence = ""
            assert invite.parse_invite(found.link()) == found
        assert not sentence or sentence.endswith(".")


_LABELS = [each.label for each in (CONTROL, CHAT, FILES, BOARD, POINTER)]


def data_message(data: bytes) -> None:
    """A message of one of the data channels; the first byte chooses which."""
    if not data:
        return
    label = _LABELS[data[0] % len(_LABELS)]
    try:
        message = data_codec.decode(label, _safe_text(data[1:]))
    except data_codec.MessageError:
        return
    assert data_codec.decode(label, data_codec.encode(message, message.t)) == message


@cache
def _settings_file() -> tuple[tempfile.TemporaryDirectory[str], Path]:
    folder = tempfile.TemporaryDirectory(prefix="bridgecall-fuzz-")
    return folder, Path(folder.name, "settings.json")


def settings_file(data: bytes) -> None:
    """The settings file: it is read or set aside, and there is a sentence for the person when something was wrong."""
    _, path = _settings_file()
    path.write_bytes(data)
    loaded = SettingsStore(path).load()
    assert loaded.notice is None or loaded.notice.strip().endswith(".")
    for aside in path.parent.glob("settings*.json*"):
        if aside != path:
            aside.unlink()


TARGETS: dict[str, Target] = {
    each.name: each
    for each in (
        Target("client-message", client_message, seeds.client_messages),
        Target("server-message", server_message, seeds.server_messages),
        Target("signal", signal, seeds.signals),
        Target("description", description, seeds.descriptions),
        Target("candidate", candidate, seeds.candidates),
        Target("link", link, seeds.links),
        Target("data-message", data_message, seeds.data_messages),
        Target("settings-file", settings_file, seeds.settings_files),
        Target("rtp-sound", media.sound, seeds.sound_streams),
        Target("rtp-picture", media.pictures, seeds.picture_streams),
        Target("rtcp", media.rtcp, seeds.rtcp_packets),
        Target("sctp", media.sctp, seeds.sctp_packets),
    )
}
