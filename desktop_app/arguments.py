"""The window's command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import desktop_app
from desktop_app.protocol.invite import Invite, is_app_link, parse_invite

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class AppArguments:
    """What the command line says, checked."""

    invite: Invite | None
    """The link's; None without a link, or when a clicked link is wrong."""
    join: bool
    host: bool
    name: str | None
    verbose: bool
    test_connection: bool = False
    smoke_test: bool = False
    clicked: str | None = None
    """A link of the bridgecall: scheme, as the system passes it when somebody clicks it. Not checked: there may be
    nobody at a terminal who could read what is wrong with it."""
    report: Path | None = None
    """Where the smoke test's report goes; None: to standard output."""


def _link(text: str) -> Invite | str:
    """An invitation, or as a text a link that the window says the problem of."""
    if is_app_link(text):
        return text
    return _invite(text)


def _invite(text: str) -> Invite:
    try:
        return parse_invite(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def parse_arguments(argv: Sequence[str] | None = None) -> AppArguments:
    """Parse the command line; a wrong one prints its reason and exits with status 2."""
    parser = argparse.ArgumentParser(prog="bridgecall", description="Video calls for two people or for many.")
    parser.add_argument("link", nargs="?", type=_link, help="an invitation: the lobby opens with it")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--join", action="store_true", help="join the link's room at once")
    action.add_argument("--host", action="store_true", help="start a call at once")
    action.add_argument(
        "--test-connection",
        action="store_true",
        help="try server, network and devices, print a report and end",
    )
    action.add_argument(
        "--smoke-test",
        nargs="?",
        type=Path,
        const=Path(),
        metavar="REPORT.json",
        help="check this installation: open the window, call ourselves, report as JSON, end within 20 s",
    )
    parser.add_argument("--name", help="your name for this time")
    parser.add_argument("--verbose", action="store_true", help="log in detail")
    parser.add_argument("--version", action="version", version=f"Bridgecall {desktop_app.__version__}")
    values = parser.parse_args(argv)
    has_action = values.join or values.host or values.test_connection or values.smoke_test is not None
    if values.join and values.link is None:
        parser.error("--join needs a link")
    report: Path | None = values.smoke_test
    invite: Invite | None = None
    clicked: str | None = None
    if isinstance(values.link, str):
        try:
            invite = parse_invite(values.link)
        except ValueError as error:
            if has_action:
                parser.error(f"argument link: {error}")
        clicked = None if has_action else values.link
    else:
        invite = values.link
    return AppArguments(
        invite=invite,
        clicked=clicked,
        join=values.join,
        host=values.host,
        name=values.name,
        verbose=values.verbose,
        test_connection=values.test_connection,
        smoke_test=report is not None,
        report=None if report == Path() else report,
    )
