"""The bot's files, as a program that drives it sees them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tests.waiting import until

from .processes import BotProcess, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = bytes(range(256)) * 2000


async def test_offered_to_all_to_one_and_refused(tmp_path: Path) -> None:
    report, notes = tmp_path / "report.pdf", tmp_path / "notes.txt"
    report.write_bytes(CONTENT)
    notes.write_bytes(b"")

    def bot(name: str, *arguments: str) -> BotProcess:
        return BotProcess(tmp_path, name, server.url, "room", *arguments, camera="none", microphone="none")

    received = tmp_path / "received"
    async with (
        ServerProcess(tmp_path) as server,
        bot("ben", "--receive-dir", str(received)) as ben,
        bot("cem") as cem,
        bot("ann", "--send-file", str(report)) as ann,
    ):
        done = await ann.wait_for_event("file", user="ben", state="done")
        got = await ben.wait_for_event("file", user="ann", state="done")
        assert done["sha256"] == got["sha256"] == hashlib.sha256(CONTENT).hexdigest()
        assert (got["direction"], done["direction"], got["size"]) == ("in", "out", len(CONTENT))
        assert (got["path"], got["resumed_from"]) == (str(received / "report.pdf"), 0)
        assert (received / "report.pdf").read_bytes() == CONTENT
        await ann.wait_for_event("file", user="cem", name="report.pdf", state="declined")

        await ann.send({"cmd": "send-file", "path": str(notes), "to": "ben"})
        await ben.wait_for_event("file", name="notes.txt", state="done")
        assert (received / "notes.txt").read_bytes() == b""
        assert cem.events("file", name="notes.txt") == []

        for command, code in (
            ({"cmd": "send-file", "path": str(tmp_path)}, "no-file"),
            ({"cmd": "send-file", "path": str(tmp_path / "missing")}, "source-unreadable"),
            ({"cmd": "send-file", "path": str(notes), "to": "dan"}, "nobody-there"),
            ({"cmd": "send-file", "path": 5}, "bad-command"),
        ):
            await ann.send(command)
            assert (await ann.wait_for_event("error", code=code))["message"]
        # Their records go as soon as ann has heard that they are there.
        await until(lambda: sorted(path.name for path in received.iterdir()) == ["notes.txt", "report.pdf"])
