"""A process whose window thread stalls while a call's sound plays: python stalled_window.py sleep|busy SECONDS

The Qt main thread is blocked for 500 ms of every second, by sleeping or by Python code that never lets go of the
interpreter by itself. A tone goes to the default speaker, the default microphone is open. The last line on stdout is
JSON: underruns of the speaker, the number of stalls, frames of the microphone and the longest gap between them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel

from desktop_app.media.audio_sources import ToneReader
from desktop_app.media.qt_audio import QtAudioBackend
from desktop_app.media.source_status import SourceState, SourceStatus

if TYPE_CHECKING:
    from desktop_app.media.audio import AudioFrame

STALL_S = 0.5
TONE_HZ = 500.0


def stall(kind: str) -> None:
    """Keep this thread for half a second."""
    if kind == "sleep":
        time.sleep(STALL_S)
        return
    until, total = time.monotonic() + STALL_S, 0
    while time.monotonic() < until:
        for number in range(1000):
            total += number * number


def main(kind: str, seconds: float) -> int:
    """Run for `seconds` from the moment the speaker plays."""
    application = QApplication([sys.argv[0]])
    window = QLabel("stalled")
    window.show()
    backend = QtAudioBackend()
    captured: list[float] = []
    stalls: list[float] = []
    tone = ToneReader(TONE_HZ)

    def on_frame(_frame: AudioFrame, captured_at_s: float) -> None:
        captured.append(captured_at_s)

    def on_speaker(status: SourceStatus) -> None:
        if status.state is SourceState.LIVE:
            print("playing", flush=True)  # noqa: T201 - the test waits for this line

    microphone = backend.open_microphone("", lambda _status: None)
    speaker = backend.open_speaker("", on_speaker)
    microphone.start(on_frame)
    speaker.start(tone.read)

    def work() -> None:
        stall(kind)
        stalls.append(time.monotonic())
        window.setText(str(len(stalls)))
        if len(stalls) >= seconds:
            application.quit()

    timer = QTimer()
    timer.setInterval(1000)
    timer.timeout.connect(work)
    timer.start()
    application.exec()
    microphone.stop()
    speaker.stop()
    backend.close()
    steps = [after - before for before, after in pairwise(captured)]
    report = {
        "underruns": speaker.underruns,
        "stalls": len(stalls),
        "frames": len(captured),
        "longest_step_ms": round(1000 * max(steps[25:]), 1),
    }
    print(json.dumps(report), flush=True)  # noqa: T201 - the test reads it
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], float(sys.argv[2])))
