"""A server's loop looks at few connections at a time, and at each of them in its turn."""

from __future__ import annotations

import asyncio
import socket
import sys

import pytest

from desktop_app.server.fair_loop import AT_A_TIME, new_event_loop


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's usual loop is taken")
def test_a_turn_takes_up_few_connections_and_each_gets_its_turn() -> None:
    loop = new_event_loop()
    pairs = [socket.socketpair() for _ in range(3 * AT_A_TIME)]
    turns: list[list[int]] = [[]]

    def read(index: int) -> None:
        turns[-1].append(index)
        pairs[index][0].recv(1)  # a byte of several: it stays ready

    async def run() -> None:
        for index, (near, far) in enumerate(pairs):
            far.send(b"x" * 20)
            loop.add_reader(near, read, index)
        for _ in range(6):
            await asyncio.sleep(0)
            turns.append([])
        for near, _ in pairs:
            loop.remove_reader(near)

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
        for pair in pairs:
            for end in pair:
                end.close()
    taken = [turn for turn in turns if turn]
    assert [len(turn) for turn in taken[:3]] == [AT_A_TIME] * 3
    # Nobody is looked at for the second time before everybody was for the first.
    assert sorted(index for turn in taken[:3] for index in turn) == list(range(len(pairs)))
