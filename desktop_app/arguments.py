"""The window's command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import desktop_app
from desktop_app.protocol.invite import Invite, parse_invite

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class AppArguments:
    """What the command line says, checked."""

    invite: Invite | None
    join: bool
    host: bool
    name: str | None
    verbose: bool
    test_connection: bool = False
    smoke_test: bool = False
    report: Path | None = None
    """Where the smoke test's report goes; None: to standard output."""


def _invite(text: str) -> Invite:
    try:
        return parse_invite(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def parse_arguments(argv: Sequence[str] | None = None) -> AppArguments:
    """Parse the command line; a wrong one prints its reason and exits with status 2."""
    parser = argparse.ArgumentParser(prog="bridgecall", description="Video calls for two people or for many.")
    parser.add_argument("link", nargs="?", type=_invite, help="an invitation: the lobby opens with it")
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
    if values.join and values.link is None:
        parser.error("--join needs a link")
    report: Path | None = values.smoke_test
    return AppArguments(
        invite=values.link,
        join=values.join,
        host=values.host,
        name=values.name,
        verbose=values.verbose,
        test_connection=values.test_connection,
        smoke_test=report is not None,
        report=None if report == Path() else report,
    )
