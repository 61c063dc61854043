"""The window's command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop_app.arguments import parse_arguments
from desktop_app.protocol.invite import parse_invite

LINK = f"https://calls.example.org/r/tea#k={'A' * 22}"
CLICKED = LINK.replace("https", "bridgecall")


def test_a_clicked_link_is_passed_on_as_it_is_and_read_as_well() -> None:
    arguments = parse_arguments([CLICKED])
    assert arguments.clicked == CLICKED
    assert arguments.invite == parse_invite(LINK)
    assert parse_arguments([LINK]).clicked is None


def test_a_wrong_clicked_link_is_for_the_window_to_tell() -> None:
    arguments = parse_arguments(["bridgecall://evil"])
    assert (arguments.clicked, arguments.invite) == ("bridgecall://evil", None)


@pytest.mark.parametrize("wrong", ["bridgecall://evil", "https://evil"])
def test_with_an_action_or_another_scheme_it_is_told_at_the_terminal(
    capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    with pytest.raises(SystemExit) as ending:
        parse_arguments(["--join", wrong])
    assert ending.value.code == 2
    assert "/r/ROOM" in capsys.readouterr().err
    assert parse_arguments(["--join", CLICKED]).clicked is None
    assert parse_arguments(["--join", CLICKED]).invite == parse_invite(LINK)


def test_the_smoke_test_may_have_a_file_for_its_report() -> None:
    assert not parse_arguments([]).smoke_test
    assert (parse_arguments(["--smoke-test"]).smoke_test, parse_arguments(["--smoke-test"]).report) == (
        True,
        None,
    )
    assert parse_arguments(["--smoke-test", "a/report.json"]).report == Path("a/report.json")
    with pytest.raises(SystemExit):
        parse_arguments(["--smoke-test", "--host"])


def test_behind_two_dashes_a_link_smuggles_in_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    """The Windows registry puts a clicked link between quotes, and some programs pass on the quotes in it."""
    assert parse_arguments(["--", "bridgecall://h:1/r/x"]).clicked == "bridgecall://h:1/r/x"
    with pytest.raises(SystemExit) as stopped:
        parse_arguments(["--", "bridgecall:x", "--smoke-test", "C:/Users/ana/report.json"])
    assert stopped.value.code == 2
    assert "--smoke-test" in capsys.readouterr().err
