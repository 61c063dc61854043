"""From what a path carries in IP packets to what it carries of sound and pictures."""

from __future__ import annotations

from collections import deque

PACKET_OVERHEAD_BYTES = 62
"""IPv4 20, UDP 8, RTP 12 with 12 of header extensions, SRTP's tag 10. IPv6 and TURN add some 20 to 36 more, which the
pictures pay for: a sound packet of 80 bytes is half headers, and the fewer pictures there are the more that matters."""
SPAN_S = 1.0
PICTURE_SHARE = 0.93
"""Payload in a full packet, while nothing was sent that could tell."""


class SentRates:
    """Pure. What was sent of each kind in about the last second."""

    def __init__(self) -> None:
        self._sent: dict[str, deque[tuple[float, int]]] = {
            "audio": deque(maxlen=256),
            "video": deque(maxlen=2048),
        }

    def add(self, now_s: float, kind: str, payload_bytes: int) -> None:
        """A packet leaves."""
        sent = self._sent[kind]
        sent.append((now_s, payload_bytes))
        while now_s - sent[0][0] > SPAN_S:
            sent.popleft()

    def payload_kbps(self, now_s: float, kbps: float) -> float:
        """What `kbps` of IP packets carry of payload, with sound as it is now and pictures in the rest."""
        audio_bytes, audio_packets = self._counts(now_s, "audio")
        video_bytes, video_packets = self._counts(now_s, "video")
        overhead_bytes = video_packets * PACKET_OVERHEAD_BYTES
        share = video_bytes / (video_bytes + overhead_bytes) if video_bytes else PICTURE_SHARE
        audio_kbps = audio_bytes * 8 / 1000 / SPAN_S
        whole_audio_kbps = audio_kbps + audio_packets * PACKET_OVERHEAD_BYTES * 8 / 1000 / SPAN_S
        if kbps <= whole_audio_kbps:
            return kbps * audio_kbps / whole_audio_kbps
        return audio_kbps + (kbps - whole_audio_kbps) * share

    def _counts(self, now_s: float, kind: str) -> tuple[int, int]:
        inside = [size for at_s, size in self._sent[kind] if now_s - at_s <= SPAN_S]
        return sum(inside), len(inside)
