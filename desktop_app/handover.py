"""From a program that was started with a link to the one that runs already: same person, same settings.

The socket is in a folder that nobody else can enter, since a link has a room's secret in it and whoever can write there
makes the window join a call. One line of JSON goes in, one word comes back.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from desktop_app.core.paths import settings_file

logger = logging.getLogger(__name__)

MAX_LINE_BYTES = 65536
MAX_LINK_CHARS = 4096
"""More than an invitation has: the other program says that it is too long."""
MAX_PATH_BYTES = 100
"""sockaddr_un has 104 to 108, and Qt makes a longer name beside it for a moment."""
CONNECT_LIMIT_MS = 1000
ANSWER_LIMIT_MS = 3000
READ_LIMIT_MS = 2000
MAX_PENDING = 4
TAKEN = b"taken\n"


def socket_name() -> str | None:
    """Where the program of this person with these settings listens; None where there is no private place."""
    digest = hashlib.sha256(os.fsencode(settings_file().absolute())).hexdigest()[:16]
    if sys.platform == "win32":
        return f"bridgecall-{digest}"  # a pipe; Qt lets in its user alone
    folder = _private_folder()
    if folder is None:
        return None
    path = folder / f"bridgecall-{digest}"
    return str(path) if len(os.fsencode(path)) + len(".sock") <= MAX_PATH_BYTES else None


def _private_folder() -> Path | None:
    """XDG_RUNTIME_DIR (XDG Base Directory Specification; in Flatpak its part that all instances share), or our own."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        flatpak = os.environ.get("FLATPAK_ID")
        folder = Path(runtime) / "app" / flatpak if flatpak else Path(runtime)
        if _is_private(folder):
            return folder
    folder = Path(tempfile.gettempdir()) / f"bridgecall-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return None
    return folder if _is_private(folder) else None


def _is_private(folder: Path) -> bool:
    """Whether it is a folder (no link to one) of ours that nobody else can enter."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077


def hand_over(link: str) -> bool:
    """Give a link to the program that runs; False when there is none, or when it does not answer.

    Blocks for 4 s at most: call it before there is a window.
    """
    name = socket_name()
    if name is None:
        return False
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.AllowSetForegroundWindow(-1)  # the other one may come to the front in our place
    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(CONNECT_LIMIT_MS):
        return False
    token = os.environ.get("XDG_ACTIVATION_TOKEN", "")
    socket.write(json.dumps({"link": link[:MAX_LINK_CHARS], "token": token}).encode() + b"\n")
    while not socket.canReadLine():
        if not socket.waitForReadyRead(ANSWER_LIMIT_MS):
            logger.warning("the running program does not take the link")
            return False
    return socket.readLine().data() == TAKEN


class Handover(QObject):
    """Listens for links as long as the program runs. The first program listens; a second one leaves it to that."""

    received = Signal(str, str)
    """A link (not checked) and the token of the XDG Activation Protocol, or an empty text."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.setMaxPendingConnections(MAX_PENDING)
        self._server.newConnection.connect(self._accept)

    def listen(self) -> bool:
        """Begin; False when another program does already, or there is no private place."""
        name = socket_name()
        if name is None:
            logger.info("there is no private place for a socket: links open a window of their own")
            return False
        probe = QLocalSocket()
        probe.connectToServer(name)
        if probe.waitForConnected(CONNECT_LIMIT_MS):
            probe.abort()
            return False
        QLocalServer.removeServer(name)  # left behind by a program that crashed
        if not self._server.listen(name):
            logger.warning("links cannot be taken from other programs: %s", self._server.errorString())
            return False
        return True

    def close(self) -> None:
        """End; the socket is removed."""
        self._server.close()

    def _accept(self) -> None:
        while (connection := self._server.nextPendingConnection()) is not None:
            connection.setReadBufferSize(MAX_LINE_BYTES)
            connection.disconnected.connect(connection.deleteLater)
            connection.readyRead.connect(lambda taken=connection: self._read(taken))
            limit = QTimer(connection)  # it ends with it
            limit.setSingleShot(True)
            limit.timeout.connect(lambda taken=connection: taken.abort())
            limit.start(READ_LIMIT_MS)

    def _read(self, connection: QLocalSocket) -> None:
        if not connection.canReadLine():
            if connection.bytesAvailable() >= MAX_LINE_BYTES:
                connection.abort()
            return
        line = connection.readLine(MAX_LINE_BYTES).data()
        try:
            values = json.loads(bytes(line))
        except (ValueError, RecursionError):
            values = None
        match values:
            case {"link": str() as link, "token": str() as token}:
                connection.write(TAKEN)
                connection.flush()
                connection.disconnectFromServer()
                self.received.emit(link, token)
            case _:
                connection.abort()
