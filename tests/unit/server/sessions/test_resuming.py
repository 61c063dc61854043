"""Places that are kept: nobody is told, nothing is lost or doubled, and nothing stays."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from desktop_app.protocol.codec import encode_server_message
from desktop_app.protocol.errors import ProtocolError
from desktop_app.protocol.messages import (
    JoinRoom,
    LeaveRoom,
    NewPeer,
    PeerLeft,
    PeerSignal,
    Signal,
    Welcome,
)
from desktop_app.server.rooms import Delivery, Member, Rooms
from desktop_app.server.sessions.absences import Absences
from desktop_app.server.sessions.resuming import Resuming
from desktop_app.server.sessions.tickets import digest_of, fits, new_token

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_WAITING = 5


class Line:
    """A connection: what came out of it, and what waits."""

    def __init__(self) -> None:
        self.is_open = True
        self.read: list[Any] = []
        self.waiting: list[bytes] = []

    @property
    def waiting_bytes(self) -> int:
        return sum(map(len, self.waiting))

    def take_waiting(self) -> list[bytes]:
        taken, self.waiting = self.waiting, []
        return taken


class Server:
    """Rooms and places without sockets, on a clock of its own."""

    def __init__(self) -> None:
        self.rooms: Rooms[Line] = Rooms(max_participants=4)
        self.away: list[tuple[str, bool]] = []
        self.resuming: Resuming[Line] = Resuming(
            self.rooms, deliver=self.deliver, pass_on=self.pass_on, retire=self.retire, on_away=self.told
        )
        self.tokens: dict[str, str] = {}

    def told(self, member: Member[Line], away: bool) -> None:
        self.away.append((member.info.user_id, away))

    def retire(self, line: Line) -> None:
        line.is_open = False

    def pass_on(self, line: Line, encoded: bytes) -> None:
        assert line.is_open
        line.read.append(encoded)

    def deliver(self, deliveries: Sequence[Delivery[Line]]) -> None:
        pending = list(deliveries)
        while pending:
            delivery = pending.pop(0)
            for line in delivery.targets:
                message = delivery.message
                if isinstance(message, Welcome):
                    ticket = self.resuming.ticket(line)
                    assert ticket is not None
                    self.tokens[message.user_id] = ticket.token
                encoded = encode_server_message(message).encode()
                if not line.is_open:
                    line.waiting.append(encoded)
                    self.resuming.waits(line, len(encoded))
                    if len(line.waiting) > MOST_WAITING:
                        pending += self.rooms.disconnect(line)
                elif isinstance(message, PeerSignal):
                    line.read.append(encoded)
                else:
                    line.read.append(message)

    def join(self, user: str, *, resume: str = "", instance: str = "i") -> Line:
        line = Line()
        message = JoinRoom("r", user, capabilities=("resume",), instance=instance, resume=resume)
        if not self.resuming.resume(line, message):
            self.deliver(self.rooms.receive(line, message))
        return line

    def lose(self, line: Line) -> None:
        line.is_open = False
        if not self.resuming.keep(line):
            self.deliver(self.rooms.disconnect(line))

    def say(self, line: Line, to: str, text: str) -> None:
        self.deliver(self.rooms.receive(line, Signal(to, text)))


def signal(user: str, text: str) -> bytes:
    return encode_server_message(PeerSignal(user, text)).encode()


def test_a_token_fits_its_digest_alone() -> None:
    one, other = new_token(), new_token()
    assert one != other
    assert fits(one, digest_of(one))
    assert not fits(one, digest_of(other))
    assert not fits("", "")
    assert one not in digest_of(one)


def test_the_oldest_is_given_up_for_the_newest() -> None:
    absences: Absences[str] = Absences(30.0, most=2)
    assert absences.begin("a", 0.0) is None
    assert absences.begin("b", 1.0) is None
    assert absences.begin("c", 2.0) == "a"
    assert absences.next_s == 31.0
    assert absences.take_due(31.5) == ["b"]
    assert not absences.end("b")
    assert absences.end("c")
    assert absences.next_s is None


async def test_nobody_hears_of_a_gap_and_signals_wait_for_its_end() -> None:
    server = Server()
    ann, ben = server.join("a"), server.join("b")
    server.lose(ben)
    server.say(ann, "b", "one")
    server.say(ann, "b", "two")
    before = len(ann.read)
    again = server.join("b", resume=server.tokens["b"])
    welcome = again.read[0]
    assert isinstance(welcome, Welcome)
    assert welcome.resumed
    assert [one.user_id for one in welcome.participants] == ["a"]
    assert again.read[1:] == [signal("a", "one"), signal("a", "two")]
    assert len(ann.read) == before
    assert server.away == [("b", True), ("b", False)]


async def test_a_token_works_once_and_for_its_owner_alone() -> None:
    """Once: until whoever came back with it has said something, since the welcome with the next one may be lost."""
    server = Server()
    server.join("a")
    ben = server.join("b")
    token = server.tokens["b"]
    with pytest.raises(ProtocolError):  # the name is taken, by somebody who is not away
        server.join("b", resume=token, instance="other")
    with pytest.raises(ProtocolError):
        server.join("a", resume=token)
    again = server.join("b", resume=token)  # takes over from a connection that looks alive
    assert not ben.is_open
    third = server.join("b", resume=token)
    assert not again.is_open
    fourth = server.join("b", resume=server.tokens["b"])
    assert not third.is_open
    with pytest.raises(ProtocolError):  # of two welcomes before, of which the second has arrived
        server.join("b", resume=token)
    newest = server.tokens["b"]
    server.resuming.heard(fourth)
    last = server.join("b", resume=newest)
    server.resuming.heard(last)
    with pytest.raises(ProtocolError):
        server.join("b", resume=newest)
    assert last.is_open


async def test_whoever_comes_anew_under_the_name_of_somebody_away_is_somebody_new() -> None:
    server = Server()
    ann, ben = server.join("a"), server.join("b")
    server.lose(ben)
    server.join("b", instance="restarted")
    left, came = ann.read[-2:]
    assert left == PeerLeft("b")
    assert isinstance(came, NewPeer)
    assert came.participant.instance == "restarted"


async def test_who_is_told_too_much_while_away_has_left() -> None:
    server = Server()
    ann, ben = server.join("a"), server.join("b")
    server.lose(ben)
    for number in range(MOST_WAITING + 1):
        server.say(ann, "b", str(number))
    assert ann.read[-1] == PeerLeft("b")
    again = server.join("b", resume=server.tokens["b"])
    assert not again.read[0].resumed
    assert server.resuming.away_count == 0


class Gaps(RuleBasedStateMachine):
    """Any order of joining, losing, coming back, leaving and talking."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.lines: dict[str, Line] = {}
        self.sent: dict[str, list[bytes]] = defaultdict(list)
        self.got: dict[str, list[bytes]] = defaultdict(list)
        self.number = 0
        self.server = self.run(self._server())

    async def _server(self) -> Server:
        return Server()

    def run(self, step: Any) -> Any:
        return self.loop.run_until_complete(step)

    def teardown(self) -> None:
        self.server.resuming.close()
        self.loop.close()

    def collect(self, user: str) -> None:
        line = self.lines[user]
        self.got[user] += [each for each in line.read if isinstance(each, bytes)]
        line.read = [each for each in line.read if not isinstance(each, bytes)]

    @rule(user=st.sampled_from("abc"))
    def comes(self, user: str) -> None:
        if user in self.lines:
            return

        async def step() -> None:
            self.lines[user] = self.server.join(user)

        self.run(step())

    @rule(user=st.sampled_from("abc"))
    def is_lost(self, user: str) -> None:
        if user in self.lines and self.lines[user].is_open:
            self.collect(user)

            async def step() -> None:
                self.server.lose(self.lines[user])

            self.run(step())

    @rule(user=st.sampled_from("abc"), notices_first=st.booleans())
    def comes_back(self, user: str, notices_first: bool) -> None:
        if user not in self.lines or (self.lines[user].is_open and not notices_first):
            return
        told = {each: len(line.read) for each, line in self.lines.items() if each != user}
        was_there = self.server.rooms.find("r", user) is not None
        self.collect(user)

        async def step() -> None:
            self.lines[user] = self.server.join(user, resume=self.server.tokens[user])

        self.run(step())
        assert self.lines[user].read[0].resumed == was_there
        if was_there:
            assert told == {each: len(line.read) for each, line in self.lines.items() if each != user}
        else:
            self.sent[user], self.got[user] = [], []
        self.collect(user)

    @rule(user=st.sampled_from("abc"))
    def leaves(self, user: str) -> None:
        line = self.lines.get(user)
        if line is not None and line.is_open:
            self.server.deliver(self.server.rooms.receive(line, LeaveRoom()))
            del self.lines[user]
            self.sent[user], self.got[user] = [], []

    @precondition(lambda self: len(self.lines) > 1)
    @rule(user=st.sampled_from("abc"), to=st.sampled_from("abc"))
    def says(self, user: str, to: str) -> None:
        line = self.lines.get(user)
        if user == to or line is None or not line.is_open or self.server.rooms.find("r", to) is None:
            return
        self.number += 1
        self.sent[to].append(signal(user, str(self.number)))
        self.server.say(line, to, str(self.number))

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        for user, line in self.lines.items():
            if line.is_open:
                self.collect(user)
                assert self.got[user] == self.sent[user]

    @invariant()
    def everybody_is_there_once(self) -> None:
        members = self.server.rooms.members("r")
        assert len({member.info.user_id for member in members}) == len(members)
        for member in members:
            assert member.client is self.lines[member.info.user_id]
            assert member.is_away is not member.client.is_open
        assert self.server.resuming.away_count == sum(member.is_away for member in members)


TestGaps = Gaps.TestCase
TestGaps.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


async def test_what_waits_for_all_is_bounded_and_who_has_the_most_has_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desktop_app.server.sessions.resuming.MOST_WAITING_BYTES", 3000)
    monkeypatch.setattr("desktop_app.server.sessions.resuming._WEIGHED_AFTER_BYTES", 500)
    server = Server()
    ann, ben, cem = server.join("a"), server.join("b"), server.join("c")
    server.lose(ben)
    server.lose(cem)
    server.say(ann, "b", "x" * 1000)
    for _ in range(3):
        server.say(ann, "c", "x" * 1000)
    assert ben.waiting_bytes + cem.waiting_bytes <= 3000
    await asyncio.sleep(0)
    assert isinstance(ann.read[-1], PeerLeft)
    assert ann.read[-1].user_id == "c"
    assert server.join("b", resume=server.tokens["b"]).read[1] == signal("a", "x" * 1000)
    assert [one.user_id for one in server.join("c", resume=server.tokens["c"]).read[0].participants] == [
        "a",
        "b",
    ]
    assert server.tokens["c"]
