"""The bot's --media-times: what one bot captures is what the other one shows, later, by one clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .processes import BotProcess, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path


def times(bot: BotProcess, stream: str) -> list[Any]:
    """Everything that the bot printed of one stream."""
    return [entry for event in bot.events("media-times") for entry in event[stream]]


def shows(user: str, count: int) -> Any:
    return lambda event: sum(counter is not None for _, counter in event["shown"].get(user, ())) >= count


async def test_pictures_and_sound_are_told_with_their_times(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server:
        options = ["--media-times", "--record-audio", str(tmp_path / "ben.wav")]
        ann = BotProcess(tmp_path, "ann", server.url, "room", "--media-times")
        ben = BotProcess(tmp_path, "ben", server.url, "room", *options)
        async with ann, ben:
            await ben.wait_for_event("media-times", where=shows("ann", 5))
            await ann.wait_for_event("media-times", where=lambda _event: len(times(ann, "spoken")) >= 2)
            await ben.wait_for_event("media-times", where=lambda _event: len(times(ben, "heard")) >= 2)
            await ann.leave()
            await ben.leave()
        captured = {counter: at_s for at_s, counter in times(ann, "captured")}
        for event in ben.events("media-times"):
            for at_s, counter in event["shown"].get("ann", ()):
                if counter in captured:
                    assert captured[counter] < at_s
        spoken, heard = times(ann, "spoken"), times(ben, "heard")
        for stream in (spoken, heard):
            assert len(stream) >= 2
            assert stream == sorted(stream), "samples and times grow"
        assert heard[0][0] == 0, "counted from the recording's first sample"
