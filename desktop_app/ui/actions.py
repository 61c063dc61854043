"""Everything that can be done from menu, toolbar and keyboard: one QAction each, shared by all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from . import theme

if TYPE_CHECKING:
    from desktop_app.call.events import MediaKind

    from .layout.plan import Layout

_MUTE_TEXTS: dict[tuple[MediaKind, bool], tuple[str, str, str]] = {
    # (kind, muted): menu text, toolbar text, tooltip
    ("audio", False): ("&Mute microphone", "Mute", "Mute the microphone"),
    ("audio", True): ("Un&mute microphone", "Unmute", "The microphone is muted: unmute it"),
    ("video", False): ("Turn &camera off", "Camera off", "Turn the camera off"),
    ("video", True): ("Turn &camera on", "Camera on", "The camera is off: turn it on"),
}
_MUTE_ICONS: dict[MediaKind, str] = {"audio": "microphone", "video": "camera"}


class Actions(QObject):
    """Made once for the window; who needs an action takes it from here."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.microphone = self._make("", "microphone", "Ctrl+D")
        self.camera = self._make("", "camera", "Ctrl+E")
        self.share_screen = self._make("", "screen", "Ctrl+Shift+X")
        self.show_sharing(False)
        self.chat = self._make("C&hat and files", "chat", "Ctrl+T", short="Chat", tip="Show chat and files")
        self.chat.setCheckable(True)
        self.chat.toggled.connect(self._show_chat_on)
        self.people = self._make("P&eople", "people", "Ctrl+P", short="People", tip="Show who is in the call")
        self.people.setCheckable(True)
        self.people.toggled.connect(self._show_people_on)
        self.send_files = self._make("Send &files…", "attach", "Ctrl+Shift+F", tip="Send files")
        self.react = self._make("&React…", "reaction", "Ctrl+Shift+R", short="React", tip="Show a reaction")
        self.hand = self._make("", "hand", "Ctrl+Shift+H")
        self.statistics = self._make("&Statistics", "stats", "Ctrl+Shift+S", tip="Show the statistics")
        self.statistics.setCheckable(True)
        self.statistics.toggled.connect(self._show_statistics_on)
        self.whiteboard = self._make("&Whiteboard", "whiteboard", "Ctrl+B", tip="Show the whiteboard")
        self.whiteboard.setCheckable(True)
        self.whiteboard.toggled.connect(self._show_whiteboard_on)
        self.pointer = self._make("&Point at pictures", "pointer", "Ctrl+Shift+P", short="Pointer")
        self.pointer.setCheckable(True)
        self.pointer.toggled.connect(self._show_pointer_on)
        self._show_pointer_on(False)
        self.layout = self._make("", "layout-speaker", "Ctrl+G")
        self.automatic_layout = self._make(
            "Layout by &number of people", "", "Ctrl+Shift+G", tip="Choose the layout by the number of people"
        )
        self.automatic_layout.setCheckable(True)
        self.previous_page = self._make(
            "&Previous page of people", "chevron-left", "Ctrl+PgUp", tip="Show the people before these"
        )
        self.next_page = self._make(
            "Ne&xt page of people", "chevron-right", "Ctrl+PgDown", tip="Show the next people"
        )
        self.show_layout("grid")
        self.settings = self._make(
            "&Settings…", "settings", "Ctrl+,", short="Settings", tip="Open the settings"
        )
        self.invite = self._make("&Invite others…", "invite", "Ctrl+I", short="Invite", tip="Invite others")
        self.copy_link = self._make("Copy invite &link", "copy", "Ctrl+Shift+C", tip="Copy the invite link")
        self.leave = self._make(
            "&Leave the call", "leave", "Ctrl+Shift+L", short="Leave", tip="Leave the call"
        )
        self.leave.setIcon(theme.icon("leave", color="on_danger"))
        self.full_screen = self._make("&Full screen", "fullscreen", "F11", tip="Fill the whole screen")
        self.full_screen.setCheckable(True)
        self.quit = self._make("&Quit", "", "Ctrl+Q", tip="Leave and end Bridgecall")
        self.quit.setMenuRole(QAction.MenuRole.QuitRole)
        self.diagnostics = self._make("Copy &diagnostics", "copy", tip="Copy a text for a bug report")
        self.open_log = self._make("Open &log folder", "folder", tip="Open the folder of the log files")
        self.about = self._make("&About Bridgecall", "info", tip="Version and licence")
        self.about.setMenuRole(QAction.MenuRole.AboutRole)
        self.show_hand(False)
        self.show_muted("audio", False)
        self.show_muted("video", False)
        self.show_in_call(False)

    def all(self) -> list[QAction]:
        """Every action, for the window's shortcuts and for tests."""
        return self.findChildren(QAction, options=Qt.FindChildOption.FindDirectChildrenOnly)

    def show_muted(self, kind: MediaKind, muted: bool) -> None:
        """Make the switch say what it would do, and look like what is."""
        action = self.microphone if kind == "audio" else self.camera
        if action.property("off") == muted:
            return  # whatever changes an action has the toolbar placed anew
        text, short, tip = _MUTE_TEXTS[kind, muted]
        icon = _MUTE_ICONS[kind]
        action.setText(text)
        action.setIconText(short)
        action.setIcon(theme.icon(f"{icon}-off", color="danger") if muted else theme.icon(icon))
        action.setProperty("off", muted)
        _set_tip(action, tip)

    def show_sharing(self, shown: bool) -> None:
        """Make the switch of the screen say what it would do, and look like what is."""
        self.share_screen.setText("Stop sho&wing your screen" if shown else "Sho&w your screen…")
        self.share_screen.setIconText("Stop" if shown else "Screen")
        self.share_screen.setIcon(theme.icon("screen", color="danger") if shown else theme.icon("screen"))
        _set_tip(
            self.share_screen,
            "Your screen is shown: stop it" if shown else "Show a screen or a window to everybody",
        )

    def show_layout(self, layout: Layout) -> None:
        """Make the switch of the layout say what it would do."""
        is_grid = layout == "grid"
        self.layout.setText("S&peaker layout" if is_grid else "&Grid layout")
        self.layout.setIconText("Speaker" if is_grid else "Grid")
        self.layout.setIcon(theme.icon("layout-speaker" if is_grid else "layout-grid"))
        _set_tip(self.layout, "Show who speaks large" if is_grid else "Show everybody equally large")

    def show_hand(self, raised: bool) -> None:
        """Make the hand's switch say what it would do, and look like what is."""
        self.hand.setText("Take your &hand down" if raised else "Raise your &hand")
        self.hand.setIconText("Hand down" if raised else "Hand")
        self.hand.setIcon(theme.icon("hand", color="warning") if raised else theme.icon("hand"))
        _set_tip(self.hand, "Your hand is raised: take it down" if raised else "Raise your hand")

    def show_unread(self, count: int) -> None:
        """Show how much of the chat was not seen."""
        self.chat.setProperty("badge", count)
        self._show_chat_on(self.chat.isChecked())
        self.chat.changed.emit()

    def show_in_call(self, in_call: bool, has_link: bool = False) -> None:
        """Enable what makes sense only in a call, or only with a link."""
        for action in (
            self.statistics,
            self.chat,
            self.people,
            self.send_files,
            self.react,
            self.hand,
            self.share_screen,
        ):
            action.setEnabled(in_call)
        self.whiteboard.setEnabled(in_call)
        self.pointer.setEnabled(in_call)
        self.leave.setEnabled(in_call)
        self.invite.setEnabled(in_call and has_link)
        self.copy_link.setEnabled(in_call and has_link)

    def _show_chat_on(self, on: bool) -> None:
        unread = int(self.chat.property("badge") or 0)
        self.chat.setIcon(theme.icon("chat", color="accent_text") if on else theme.icon("chat"))
        tip = "Hide chat and files" if on else "Show chat and files"
        _set_tip(self.chat, f"{tip}, {unread} unread" if unread else tip)

    def show_waiting(self, count: int) -> None:
        """Show how many wait to be let in."""
        if count == int(self.people.property("badge") or 0):
            return  # whatever changes an action has the toolbar placed anew
        self.people.setProperty("badge", count)
        self._show_people_on(self.people.isChecked())
        self.people.changed.emit()

    def _show_people_on(self, on: bool) -> None:
        waiting = int(self.people.property("badge") or 0)
        self.people.setIcon(theme.icon("people", color="accent_text") if on else theme.icon("people"))
        tip = "Hide who is in the call" if on else "Show who is in the call"
        _set_tip(self.people, f"{tip}, {waiting} waiting" if waiting else tip)

    def _show_statistics_on(self, on: bool) -> None:
        self.statistics.setIcon(theme.icon("stats", color="accent_text") if on else theme.icon("stats"))
        _set_tip(self.statistics, "Hide the statistics" if on else "Show the statistics")

    def _show_whiteboard_on(self, on: bool) -> None:
        self.whiteboard.setIcon(
            theme.icon("whiteboard", color="accent_text") if on else theme.icon("whiteboard")
        )
        _set_tip(self.whiteboard, "Hide the whiteboard" if on else "Show the whiteboard")

    def _show_pointer_on(self, on: bool) -> None:
        self.pointer.setIcon(theme.icon("pointer", color="accent_text") if on else theme.icon("pointer"))
        tip = "Stop showing where you point" if on else "Show everybody where you point in a picture"
        _set_tip(self.pointer, tip)

    def _make(self, text: str, icon: str, shortcut: str = "", *, short: str = "", tip: str = "") -> QAction:
        action = QAction(text, self)
        if icon:
            action.setIcon(theme.icon(icon))
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
        if short:
            action.setIconText(short)
        _set_tip(action, tip)
        return action


def _set_tip(action: QAction, tip: str) -> None:
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    action.setToolTip(f"{tip} ({keys})" if keys else tip)
    action.setStatusTip(tip)
