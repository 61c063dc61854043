"""The whiteboard and pointers of whole sessions, over real connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.data.board_changes import Clear, Draw, Undo
from desktop_app.data.events import BoardChanged, BoardCleared, PointerMoved, StrokeMoved
from tests.unit.data.board.rooms import stroke

from .peer_tools import until
from .test_call_data import Talker, linked, talkers, url

if TYPE_CHECKING:
    from desktop_app.data.messages.board import Op

__all__ = ["url"]  # a fixture


def picture(who: Talker) -> list[Op]:
    return list(who.data.board.board.shapes())


async def test_a_board_is_the_same_for_all_who_come_draw_and_return(url: str) -> None:
    async with talkers(url, "alice", "bob") as (alice, bob):
        await alice.join()
        for number in range(300):
            alice.data.board.change(Draw(stroke(number, 100)))
        await bob.join()
        await linked(alice, bob)
        await until(lambda: len(picture(bob)) == 300)
        bob.data.board.change(Draw(stroke(1000)))
        alice.data.board.change(Undo())
        await until(lambda: len(picture(alice)) == 300 and picture(alice) == picture(bob))

        bob.data.pointer.point("board", 12.5, 7, True)
        bob.data.pointer.point("video:alice", 0.5, 0.25, True)
        alice.data.pointer.show_stroke(stroke(5))
        await until(lambda: bool(bob.told(StrokeMoved)) and len(alice.told(PointerMoved)) >= 1)
        await until(lambda: alice.told(PointerMoved)[-1] == PointerMoved("bob", "video:", 0.5, 0.25, True))
        assert bob.told(StrokeMoved)[0] == StrokeMoved("alice", stroke(5))

        await bob.session.leave()
        assert bob.told(BoardCleared)
        await until(lambda: not alice.told(PointerMoved)[-1].visible)
        alice.data.board.change(Clear())
        alice.data.board.change(Draw(stroke(2000)))
        bob.events.clear()
        await bob.join()
        await until(lambda: [op.author for op in picture(bob)] == ["alice"])
        assert sum(len(event.ops) for event in bob.told(BoardChanged)) == 304
