"""Who is who after the server was away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.call.reentry import compare
from desktop_app.protocol.messages import ParticipantInfo

people = st.dictionaries(st.sampled_from("abcde"), st.sampled_from(["", "one", "other"]))


def infos(known: dict[str, str]) -> dict[str, ParticipantInfo]:
    return {user: ParticipantInfo(user, instance=instance) for user, instance in known.items()}


def test_the_same_call_is_kept_and_another_one_is_made_anew() -> None:
    known = infos({"a": "1", "b": "2", "c": "3"})
    there = infos({"b": "2", "c": "new", "d": "4"})
    found = compare(known, there.values(), resumed=True)
    assert found.kept == [there["b"]]
    assert found.added == [there["c"], there["d"]]
    assert found.removed == ["c", "a"]
    assert found.missing == []


def test_after_a_restart_who_is_missing_may_still_look_for_the_server() -> None:
    found = compare(infos({"a": "1"}), (), resumed=False)
    assert (found.removed, found.missing) == ([], ["a"])


def test_who_names_no_instance_is_kept_only_when_the_server_was_there_all_the_time() -> None:
    known, there = infos({"a": ""}), infos({"a": ""})
    assert compare(known, there.values(), resumed=True).kept == [there["a"]]
    assert compare(known, there.values(), resumed=False).removed == ["a"]


@given(known=people, there=people, resumed=st.booleans())
def test_everybody_is_dealt_with_once(known: dict[str, str], there: dict[str, str], resumed: bool) -> None:
    found = compare(infos(known), infos(there).values(), resumed=resumed)
    kept = [info.user_id for info in found.kept]
    added = [info.user_id for info in found.added]
    assert sorted(kept + added) == sorted(there)
    assert sorted(kept + found.removed + found.missing) == sorted(known)
    assert not set(kept) & set(found.removed)
    assert set(added) & set(known) <= set(found.removed)
