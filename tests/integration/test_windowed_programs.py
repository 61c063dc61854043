"""Programs that are given no standard streams, as Windows starts what has no console: Python then has None for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.media.audio_helper import AudioHelper

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]

WITHOUT_STREAMS = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c"]

SAY = """
import logging, sys
assert sys.stdin is None and sys.stdout is None and sys.stderr is None
from pathlib import Path
from desktop_app import connection_report
from desktop_app.core.log import setup_file_logging
from desktop_app.engine.port import TestLine
setup_file_logging(Path(sys.argv[1]))
assert len(logging.getLogger().handlers) == 1
logging.getLogger("desktop_app.test").warning("one line")
connection_report._print(TestLine("Server", "pass", "It answers."))
print("nobody sees this")
raise ValueError("nobody caught this")
"""

HELP = """
import sys
sys.stdin = sys.stdout = sys.stderr = None
from desktop_app.media.qt_audio_helper import main
raise SystemExit(main())
"""


def test_what_would_be_printed_is_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "bridgecall.log"
    done = subprocess.run([*WITHOUT_STREAMS, SAY, str(log)], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 1
    text = log.read_text(encoding="utf-8")
    assert "one line" in text
    assert "It answers." in text
    assert "ValueError: nobody caught this" in text


def test_the_audio_helper_speaks_through_its_pipes_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/none")
    helper = AudioHelper([sys.executable, "-c", HELP])
    try:
        assert helper.answers()
    finally:
        helper.close()
