"""The bot where asyncio knows no signal handlers, as on Windows: it leaves all the same."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BOT = """
import asyncio, sys
def refuse(*_):
    raise NotImplementedError
asyncio.SelectorEventLoop.add_signal_handler = refuse
from desktop_app.bot.__main__ import main
raise SystemExit(main(sys.argv[1:]))
"""


def test_a_stop_while_it_waits_for_the_server_is_a_clean_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        url = f"ws://127.0.0.1:{server.getsockname()[1]}/ws"
        command = [sys.executable, "-c", BOT, "--server", url, "--room", "room", "--name", "ann"]
        bot = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        try:
            connection, _ = server.accept()  # by now it is past the point where it asks for signals
            with connection:
                bot.send_signal(signal.SIGTERM)
                out, _ = bot.communicate(timeout=60)
        finally:
            bot.kill()
            bot.wait()
    assert bot.returncode == 0
    assert '"error"' not in out
