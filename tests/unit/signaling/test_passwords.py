"""Which passwords are tried when the server is there again."""

from __future__ import annotations

from desktop_app.signaling.passwords import PATIENCE_S, Passwords


def test_all_that_are_known_are_tried_by_turns_for_a_while() -> None:
    passwords = Passwords("")
    passwords.add("first")
    passwords.add("second")
    passwords.add("first")  # the newest again
    given = []
    for now_s in range(4):
        given.append(passwords.current)
        assert passwords.refused(float(now_s))
    assert given == ["", "first", "second", ""]
    assert not passwords.refused(PATIENCE_S)


def test_being_let_in_begins_anew_with_what_one_came_with() -> None:
    passwords = Passwords("came with")
    passwords.add("set")
    passwords.add("came with")
    assert passwords.refused(0.0)
    assert passwords.current == "set"
    passwords.accepted()
    assert passwords.current == "came with"
    assert passwords.refused(1000.0), "the patience begins anew, too"
