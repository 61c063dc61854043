"""The notation URL,USER,SECRET of the command line and the settings, read into the protocol's IceServer."""

from __future__ import annotations

from desktop_app.core.ice_url import check_ice_url, split_ice_server

from .messages import IceServer

__all__ = ["check_ice_url", "parse_ice_server"]


def parse_ice_server(text: str) -> IceServer:
    """Parse `URL[,USER,SECRET]`; the secret may contain commas.

    Raises:
        ValueError: its text is a sentence for the person who typed it.
    """
    url, username, credential = split_ice_server(text)
    return IceServer(urls=(url,), username=username, credential=credential)
