"""A helper process without Qt that speaks the real protocol: python fake_audio_helper.py MODE

good     one microphone with a tone of 1000 Hz, one speaker that counts frames; "none" is not connected
die      ends as soon as a stream is opened
hang     opens streams and never moves sound
silent   reads nothing and says nothing at all
garbage  writes what is not a message
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time

from desktop_app.media.audio_link import Kind, Need, pack_captured, pack_json, pack_need, read_message
from desktop_app.media.audio_sources import ToneReader

lock = threading.Lock()
closed: set[int] = set()


def send(data: bytes) -> None:
    with lock:
        os.write(1, data)


def capture(stream: int) -> None:
    tone = ToneReader(1000.0)
    while stream not in closed:
        send(pack_captured(stream, time.monotonic() - 0.02, tone.read().tobytes()))
        time.sleep(0.02)


def play(stream: int) -> None:
    underruns = 0
    while stream not in closed:
        send(pack_need(stream, Need(2, underruns, 40.0)))
        underruns += 1
        time.sleep(0.04)


def main(mode: str) -> None:
    if mode == "garbage":
        send(b"\xff" * 4096)
    if mode == "silent":
        time.sleep(3600)
    devices = {"microphones": [["mic-id", "Microphone"]], "speakers": [["speaker-id", "Speaker"]]}
    send(pack_json(Kind.DEVICES, 0, devices))
    send(pack_json(Kind.LOG, 0, {"level": logging.INFO, "message": "hello from the helper"}))
    while (message := read_message(sys.stdin.buffer)) is not None:
        if message.kind is Kind.CLOSE:
            closed.add(message.stream)
        elif message.kind in (Kind.OPEN_MICROPHONE, Kind.OPEN_SPEAKER):
            if mode == "die":
                os._exit(7)
            if message.payload == b"none":
                send(pack_json(Kind.STATUS, message.stream, {"live": False, "message": "Not connected."}))
                continue
            send(pack_json(Kind.STATUS, message.stream, {"live": True, "message": ""}))
            if mode == "good":
                work = capture if message.kind is Kind.OPEN_MICROPHONE else play
                threading.Thread(target=work, args=(message.stream,), daemon=True).start()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
