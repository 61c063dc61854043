"""The permissions of macOS, by Qt, and of Windows, by its registry."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QCameraPermission, QCoreApplication, QMicrophonePermission, QObject, Qt

from .permissions import Permission

if TYPE_CHECKING:
    from .permissions import Kind, PermissionPort

logger = logging.getLogger(__name__)

_OF_QT = {
    Qt.PermissionStatus.Granted: Permission.GRANTED,
    Qt.PermissionStatus.Undetermined: Permission.UNDETERMINED,
    Qt.PermissionStatus.Denied: Permission.DENIED,
}
CONSENT_KEY = r"Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore"
_CAPABILITIES: dict[Kind, str] = {"camera": "webcam", "microphone": "microphone"}


class QtPermissions(QObject):
    """Asks with QPermission (Qt 6.5), which shows the dialog of macOS with the words of Info.plist.

    Without these words (a program that is no .app) Qt answers "denied" without asking; see `system_permissions`.
    """

    def status(self, kind: Kind) -> Permission:
        """See PermissionPort."""
        return _OF_QT[_application().checkPermission(_qt_permission(kind))]

    async def request(self, kind: Kind) -> Permission:
        """See PermissionPort."""
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def answered(_permission: object) -> None:
            if not answer.done():
                answer.set_result(None)

        _application().requestPermission(_qt_permission(kind), self, answered)
        await answer
        status = self.status(kind)
        logger.info("permission for the %s: %s", kind, status)
        return status

    def refusal(self, kind: Kind) -> str:
        """See PermissionPort."""
        return (
            f"macOS does not let Bridgecall use the {kind}: allow it in System Settings, "
            f"Privacy & Security, {kind.capitalize()}."
        )


class WindowsConsent:
    """The switches in Settings, Privacy & security. Windows asks nobody on behalf of a desktop program."""

    def status(self, kind: Kind) -> Permission:
        """Denied when any of the switches for the machine, the person or all desktop programs is off."""
        path = rf"{CONSENT_KEY}\{_CAPABILITIES[kind]}"
        denied = any(_consent(path + part) == "Deny" for part in ("", r"\NonPackaged"))
        return Permission.DENIED if denied else Permission.GRANTED

    async def request(self, kind: Kind) -> Permission:
        """There is nobody to ask."""
        return self.status(kind)

    def refusal(self, kind: Kind) -> str:
        """See PermissionPort."""
        return (
            f"Windows does not let desktop apps use the {kind}: allow it in Settings, "
            f"Privacy & security, {kind.capitalize()}."
        )


def _consent(path: str) -> str:
    """What the registry says, of the person or of the machine; "" when it says nothing."""
    if sys.platform == "win32":
        import winreg

        for root in (winreg.HKEY_LOCAL_MACHINE, winreg.HKEY_CURRENT_USER):
            try:
                with winreg.OpenKey(root, path) as key:
                    value = str(winreg.QueryValueEx(key, "Value")[0])
            except OSError:
                continue
            if value == "Deny":
                return value
    return ""


def _application() -> QCoreApplication:
    application = QCoreApplication.instance()
    assert application is not None
    return application


def _qt_permission(kind: Kind) -> QCameraPermission | QMicrophonePermission:
    return QCameraPermission() if kind == "camera" else QMicrophonePermission()


def system_permissions() -> PermissionPort | None:
    """What has to be asked here; None: everything that the devices' files allow may be used.

    On macOS only the .app has words for the dialog; from a source tree the terminal is asked for, by OpenCV.
    """
    if sys.platform == "darwin":
        return QtPermissions() if getattr(sys, "frozen", False) else None
    if sys.platform == "win32":
        return WindowsConsent()
    return None
