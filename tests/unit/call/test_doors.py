"""Our part as a host, and how a room is put in order again after its server was started anew."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from desktop_app.call import doors as doors_module
from desktop_app.call.doors import NotHostError, RoomDoors, check_password
from desktop_app.call.events import Knocked, KnockGone, RoomChanged
from desktop_app.core.errors import UserFacingError
from desktop_app.protocol.messages import Limits, ParticipantInfo, Welcome
from desktop_app.protocol.rights import GiveHost, Kick, Knock, KnockEnded, RoomRules, RoomUpdated, SetRoom

ANN, BOB = ParticipantInfo("ann", instance="A"), ParticipantInfo("bob", instance="B")


def welcome(host: str, *, resumed: bool = False, locked: bool = False, lobby: bool = False) -> Welcome:
    rules = RoomRules(host, locked, lobby)
    return Welcome(1, "r", "me", (), (), Limits(1, 1, 1), room=rules, resumed=resumed)


class Desk:
    """The doors with what they say, tell and see."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.told: list[Any] = []
        self.others: dict[str, ParticipantInfo] = {}
        self.doors = RoomDoors("me", say=self.said.append, emit=self.told.append, others=lambda: self.others)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors_module, "LOOK_S", 0.001)
    monkeypatch.setattr(doors_module, "RESTORE_S", 0.05)


async def settled(desk: Desk) -> None:
    await desk.doors._tasks.drain()


async def test_only_the_host_may_do_something() -> None:
    desk = Desk()
    desk.doors.entered(welcome("ann"))
    with pytest.raises(NotHostError):
        desk.doors.change(locked=True, lobby=None, password=None)
    with pytest.raises(NotHostError):
        desk.doors.answer("u", let_in=True)
    with pytest.raises(NotHostError):
        desk.doors.kick("u", ban=False)
    with pytest.raises(NotHostError):
        desk.doors.ask_mute("u", "audio")
    with pytest.raises(NotHostError):
        desk.doors.give_host("u")
    assert desk.said == []
    desk.doors.received(RoomUpdated(RoomRules("me")))
    desk.doors.kick("u", ban=True)
    assert desk.said == [Kick("u", True)]


async def test_who_waits_is_told_and_forgotten_with_the_place_of_the_host() -> None:
    desk = Desk()
    desk.doors.entered(welcome("me"))
    desk.doors.received(Knock("u", "Uma"))
    desk.doors.received(Knock("v", "Vic"))
    desk.doors.received(KnockEnded("u"))
    desk.doors.received(KnockEnded("u"))
    desk.doors.received(RoomUpdated(RoomRules("ann")))
    assert [each for each in desk.told if not isinstance(each, RoomChanged)] == [
        Knocked("u", "Uma"),
        Knocked("v", "Vic"),
        KnockGone("u"),
        KnockGone("v"),
    ]


async def test_a_host_that_is_back_first_closes_the_doors_when_all_are_back(quick: None) -> None:
    desk = Desk()
    desk.doors.entered(welcome("me", locked=True))
    desk.doors.change(locked=None, lobby=True, password="new")
    desk.doors.received(RoomUpdated(RoomRules("me", True, True, True)))
    desk.said.clear()
    doors_module.RESTORE_S = 10.0
    desk.doors.entered_again(welcome("me"), {"ann": ANN})
    await asyncio.sleep(0.01)
    assert desk.said == []  # Ann is not back yet, and would find it locked
    desk.others = {"ann": ANN}
    await settled(desk)
    assert desk.said == [SetRoom(True, True, "new")]


async def test_whoever_was_back_first_gives_the_place_to_the_host(quick: None) -> None:
    desk = Desk()
    desk.doors.entered(welcome("ann", lobby=True))
    desk.doors.entered_again(welcome("me"), {"ann": ANN, "bob": BOB})
    desk.others = {"ann": ANN}
    await settled(desk)
    assert desk.said == [GiveHost("ann")]


async def test_somebody_of_the_hosts_name_is_not_the_host(quick: None) -> None:
    desk = Desk()
    desk.doors.entered(welcome("ann", lobby=True))
    desk.doors.entered_again(welcome("me"), {"ann": ANN, "bob": BOB})
    desk.others = {"ann": ParticipantInfo("ann", instance="other")}
    await settled(desk)
    assert desk.said == [SetRoom(False, True, None)]  # the host has not come: we go on in their sense


@pytest.mark.parametrize("resumed", [False, True])
async def test_another_break_while_the_room_is_put_in_order_does_not_end_that(
    quick: None, resumed: bool
) -> None:
    desk = Desk()
    desk.doors.entered(welcome("ann", lobby=True))
    doors_module.RESTORE_S = 10.0
    desk.doors.entered_again(welcome("me"), {"ann": ANN})
    await asyncio.sleep(0.01)
    desk.doors.entered_again(welcome("me", resumed=resumed), {"bob": BOB})
    desk.others = {"ann": ANN}
    await settled(desk)
    assert desk.said == [GiveHost("ann")]


async def test_who_resumed_or_is_not_host_changes_nothing(quick: None) -> None:
    desk = Desk()
    desk.doors.entered(welcome("me", locked=True))
    desk.doors.entered_again(welcome("me", locked=True, resumed=True), {})
    await settled(desk)
    desk.doors.entered_again(welcome("ann"), {})
    await settled(desk)
    assert desk.said == []
    await desk.doors.close()


@pytest.mark.parametrize("password", ["x" * 129, "a\nb", "\u202eabc"])
def test_what_cannot_be_a_password_is_said(password: str) -> None:
    with pytest.raises(UserFacingError, match="password"):
        check_password(password)


async def test_two_without_an_instance_are_not_known_to_be_the_same_host(quick: None) -> None:
    desk = Desk()
    desk.doors.entered(welcome("ann", lobby=True))
    desk.doors.entered_again(welcome("me"), {"ann": ParticipantInfo("ann")})
    desk.others = {"ann": ParticipantInfo("ann")}
    await settled(desk)
    assert desk.said == [SetRoom(False, True, None)]
