"""What the doors say, in which order; passwords as they are kept; and how often one may be wrong."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.protocol.messages import JoinRoom
from desktop_app.server.rights.attempts import ADDRESS_BURST, ROOM_BURST, Attempts
from desktop_app.server.rights.doors import Doors, Proof, Step, access_digest, judge, made_doors, parse_doors
from desktop_app.server.rights.passwords import ADDRESS_BURST as SHARE
from desktop_app.server.rights.passwords import (
    MAX_PENDING,
    MAX_PENDING_OF_ADDRESS,
    PasswordWorker,
    make_hash,
    matches,
)

RIGHT, WRONG = "A" * 43, "B" * 43


def outcome(doors: Doors | None, message: JoinRoom, proof: Proof, **found: bool) -> Step | ErrorCode:
    try:
        return judge(doors, message, proof, **found)
    except ProtocolError as error:
        return error.code


@given(*[st.booleans()] * 10, st.sampled_from(["", RIGHT, WRONG]), st.sampled_from(["", "right", "wrong"]))
def test_the_order_is_ban_access_password_lock_lobby(
    exists: bool,
    banned: bool,
    kicked: bool,
    suspect: bool,
    has_access: bool,
    has_password: bool,
    locked: bool,
    lobby: bool,
    is_checked: bool,
    is_made: bool,
    access: str,
    password: str,
) -> None:
    doors = Doors(locked, lobby, access_digest(RIGHT) if has_access else "", "hash" if has_password else "")
    proof = Proof(made="made" if is_made else "")
    if is_checked and password:
        proof.right_for, proof.wrong_for = ("hash", "") if password == "right" else ("", "hash")
    message = JoinRoom("r", "u", access=access, password=password)
    found = outcome(doors if exists else None, message, proof, banned=banned, kicked=kicked, suspect=suspect)
    if not exists:
        assert found is (Step.HASH if password and not is_made else Step.MAKE)
    elif banned:
        assert found is ErrorCode.BANNED
    elif kicked:
        assert found is ErrorCode.KICKED
    elif has_access and access != RIGHT:
        assert found is ErrorCode.WRONG_LINK
    elif has_password and not password:
        assert found is ErrorCode.PASSWORD_REQUIRED
    elif has_password and not is_checked:
        assert found is Step.CHECK
    elif has_password and password == "wrong":
        assert found is ErrorCode.WRONG_PASSWORD
    elif locked:
        assert found is ErrorCode.ROOM_LOCKED
    else:
        assert found is (Step.KNOCK if lobby or suspect else Step.ENTER)


def test_a_proof_is_worth_nothing_for_another_password() -> None:
    proof = Proof(right_for="old")
    message = JoinRoom("r", "u", password="p")
    assert judge(Doors(password="old"), message, proof) is Step.ENTER
    assert judge(Doors(password="new"), message, proof) is Step.CHECK


@given(st.booleans(), st.booleans(), st.text(max_size=20), st.text(max_size=20))
def test_doors_travel_between_servers(locked: bool, lobby: bool, access: str, password: str) -> None:
    doors = Doors(locked, lobby, access, password)
    assert parse_doors(doors.text()) == doors
    assert doors.rules("ann") == parse_doors(doors.text()).rules("ann")


def test_nothing_shows_what_opens_the_doors() -> None:
    doors = made_doors(JoinRoom("r", "u", access=RIGHT, password="sesame"), Proof(made="salt$hash"))
    assert RIGHT not in doors.text()
    for secret in (RIGHT, doors.access, "sesame", "salt$hash"):
        assert secret not in repr(doors)
        assert secret not in repr(JoinRoom("r", "u", access=RIGHT, password="sesame"))


def test_passwords_are_salted_and_compared() -> None:
    kept, again = make_hash("öffne \U0001f600"), make_hash("öffne \U0001f600")
    assert kept != again
    assert matches("öffne \U0001f600", kept)
    assert not matches("öffne", kept)


async def test_the_worker_is_bounded_and_ends() -> None:
    worker = PasswordWorker()
    results = await asyncio.gather(
        *(worker.make(str(number), f"a{number}") for number in range(MAX_PENDING + 3)), return_exceptions=True
    )
    errors = [each for each in results if isinstance(each, ProtocolError)]
    assert [each.code for each in errors] == [ErrorCode.UNAVAILABLE] * 3
    assert await worker.check("0", str(results[0]), "a")
    worker.close()
    worker.close()


async def test_no_address_keeps_others_from_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_app.server.rights.passwords.make_hash", lambda password: password)
    worker = PasswordWorker()
    flood = asyncio.gather(*(worker.make("x", "mad") for _ in range(MAX_PENDING)), return_exceptions=True)
    await asyncio.sleep(0)
    assert await worker.make("right", "ann") == "right"
    assert [isinstance(each, ProtocolError) for each in await flood].count(False) == MAX_PENDING_OF_ADDRESS
    for _ in range(SHARE - MAX_PENDING_OF_ADDRESS):  # one after the other, for rooms of their own
        await worker.make("x", "mad")
    with pytest.raises(ProtocolError, match=r"from your address. Try again in \d+ seconds\.") as caught:
        await asyncio.gather(*(worker.make("x", "mad") for _ in range(MAX_PENDING_OF_ADDRESS)))
    assert caught.value.code is ErrorCode.UNAVAILABLE  # whoever comes back goes on trying
    worker.close()


def test_an_address_is_wrong_ten_times_and_a_room_sixty() -> None:
    attempts = Attempts()
    for _ in range(ADDRESS_BURST):
        attempts.check("a", "r", 0.0)
        attempts.try_password("a", "r", 0.0)
    with pytest.raises(ProtocolError, match=r"Try again in 6 seconds\.") as caught:
        attempts.check("a", "other", 0.0)
    assert caught.value.code is ErrorCode.TOO_MANY_ATTEMPTS
    attempts.check("b", "r", 0.0)
    for number in itertools.count():
        try:
            attempts.check(f"x{number}", "r", 0.0)
        except ProtocolError:
            break
        attempts.try_password(f"x{number}", "r", 0.0)
    assert number == ROOM_BURST - ADDRESS_BURST
    attempts.check("a", "other", 6.1)


def test_a_wrong_link_locks_nobody_else_out_and_a_right_password_does_not_count() -> None:
    attempts = Attempts()
    for number in range(2 * ROOM_BURST):
        attempts.wrong_link(f"x{number}", 0.0)
    attempts.check("a", "r", 0.0)
    for _ in range(100):
        attempts.try_password("a", "r", 0.0)
        attempts.was_right("a", "r", 0.0)
    attempts.check("a", "r", 0.0)
