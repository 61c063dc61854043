"""The window's command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
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
    parser.add_argument("--name", help="your name for this time")
    parser.add_argument("--verbose", action="store_true", help="log in detail")
    parser.add_argument("--version", action="version", version=f"Bridgecall {desktop_app.__version__}")
    values = parser.parse_args(argv)
    if values.join and values.link is None:
        parser.error("--join needs a link")
    return AppArguments(
        values.link, values.join, values.host, values.name, values.verbose, values.test_connection
    )
