"""One person in the panel: who they are, how they are, and the menu of what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.ui import theme
from desktop_app.ui.avatar import draw_avatar
from desktop_app.ui.quality_words import quality_look

from .words import CHANGED, code_text

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from desktop_app.call.events import SafetyCodeChanged
    from desktop_app.ui.room_model import Person

AVATAR_PX = 36
MARK_PX = 18


class Avatar(QWidget):
    """The circle with initials."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setFixedSize(AVATAR_PX, AVATAR_PX)

    def set_name(self, name: str) -> None:
        """Another name."""
        if name != self._name:
            self._name = name
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        draw_avatar(painter, QRectF(self.rect()), self._name, 1.0)
        painter.end()


class ElidedLabel(QLabel):
    """One line that ends in … when there is no room; the whole text is its tooltip."""

    def __init__(self, role: str = "") -> None:
        super().__init__()
        self._full = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if role:
            theme.set_style(self, role=role)

    def show_text(self, text: str) -> None:
        """Show another text."""
        self._full = text
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit it again."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, self.width())
        super().setText(shown)
        self.setToolTip(self._full if shown != self._full else "")

    def sizeHint(self) -> QSize:
        """As wide as the whole text."""
        return QSize(self.fontMetrics().horizontalAdvance(self._full), super().sizeHint().height())


class Mark(QLabel):
    """A small icon that says something; hidden while it does not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(MARK_PX, MARK_PX)
        self._icon = self._color = ""
        theme.notifier().changed.connect(self._redraw)

    def show_icon(self, icon: str, color: str, words: str) -> None:
        """Show `icon` with a tooltip; an empty name hides it."""
        self.setVisible(bool(icon))
        self.setToolTip(words)
        self.setAccessibleName(words)
        if (icon, color) != (self._icon, self._color):
            self._icon, self._color = icon, color
            self._redraw()

    def _redraw(self) -> None:
        if self._icon:
            self.setPixmap(theme.icon(self._icon, color=self._color).pixmap(MARK_PX, MARK_PX))


class PersonRow(QWidget):
    """Somebody else, or with `own` we ourselves."""

    chosen = Signal(str)
    """What the person wants: safety, ask-audio, ask-video, give-host, kick, ban."""

    def __init__(self, *, own: bool = False) -> None:
        super().__init__()
        self._own = own
        self._may_decide = False
        self._person: Person | None = None
        self._shown: tuple[object, ...] = ()
        """What the widgets were set to."""
        self._avatar = Avatar("")
        self.name_label = ElidedLabel("strong")
        self.host_mark = Mark()
        self.code_button = QPushButton()
        self.code_button.setIconSize(QSize(14, 14))
        theme.set_style(self.code_button, kind="code")
        self.code_button.clicked.connect(lambda: self.chosen.emit("safety"))
        self.note_label = ElidedLabel("caption")
        self.warning_label = QLabel(CHANGED)
        self.warning_label.setWordWrap(True)
        theme.set_style(self.warning_label, role="warningcaption")
        self.microphone_mark = Mark()
        self.camera_mark = Mark()
        self.quality_mark = Mark()
        self.menu_button = QToolButton()
        self.menu_button.setIcon(theme.icon("more"))
        self.menu_button.clicked.connect(self._open_menu)
        policy = self.menu_button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # the marks of all rows are in line
        self.menu_button.setSizePolicy(policy)
        self._build_layout()

    def _build_layout(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(theme.Spacing.XS)
        first.addWidget(self.name_label, 1)
        for mark in (self.host_mark, self.microphone_mark, self.camera_mark, self.quality_mark):
            first.addWidget(mark)
        first.addWidget(self.menu_button)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addLayout(first)
        second = QHBoxLayout()
        second.addWidget(self.code_button)
        second.addWidget(self.note_label, 1)
        second.addStretch(0)
        texts.addLayout(second)
        texts.addWidget(self.warning_label)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.Spacing.M, theme.Spacing.XS, theme.Spacing.S, theme.Spacing.XS)
        row.setSpacing(theme.Spacing.M)
        row.addWidget(self._avatar, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)

    def show_person(
        self,
        person: Person,
        code: SafetyCodeChanged | None,
        *,
        compared: bool,
        may_decide: bool,
    ) -> None:
        """Show how they are now; with `may_decide` the menu has what only a host may do."""
        self._person = person
        self._may_decide = may_decide and not self._own
        shown = (person, code, compared, theme.current_palette().name)
        if shown == self._shown:
            return  # in a large room an event is about one person, and a row has a dozen widgets
        self._shown = shown
        self._avatar.set_name(person.name.removesuffix(" (you)"))
        self.name_label.show_text(person.name)
        self.host_mark.show_icon("host" if person.is_host else "", "accent_text", "Host of the room")
        muted, dark = person.audio_muted, person.video_muted
        self.microphone_mark.show_icon("microphone-off" if muted else "", "danger", "Microphone muted")
        self.camera_mark.show_icon("camera-off" if dark else "", "danger", "Camera off")
        look = quality_look(person.shown_quality)
        words = f"{look.words[0].upper()}{look.words[1:]}"
        self.quality_mark.show_icon("" if self._own else look.icon, look.color, words)
        self.menu_button.setVisible(not self._own)
        self.menu_button.setAccessibleName(f"What can be done about {person.name}")
        self._show_code(code, compared)
        self.setAccessibleName(self._description(person, look.words))

    def _show_code(self, code: SafetyCodeChanged | None, compared: bool) -> None:
        words = code.words if code is not None else ()
        self.code_button.setVisible(bool(words) and not self._own)
        self.code_button.setText(code_text(words))
        self.code_button.setIcon(
            theme.icon("shield-check", color="good") if compared else theme.icon("shield", color="text_muted")
        )
        state = "compared" if compared else "not compared yet"
        self.code_button.setToolTip(f"Safety code, {state}: show how to compare it")
        self.code_button.setAccessibleName(f"Safety code: {code_text(words)}, {state}")
        status = self._person.status_text() if self._person is not None and not self._own else ""
        self.note_label.show_text("" if words else status)
        self.note_label.setVisible(not words and bool(status))
        self.warning_label.setVisible(code is not None and code.is_other)

    def _description(self, person: Person, quality: str) -> str:
        parts = [person.name] + ["host"] * person.is_host
        parts += ["microphone muted"] * person.audio_muted + ["camera off"] * person.video_muted
        return ", ".join(parts + [quality] * (not self._own))

    def menu(self) -> QMenu:
        """What can be done now; it deletes itself when it is closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        person = self._person
        assert person is not None

        def add(icon: str, text: str, what: str, enabled: bool = True) -> None:
            action = menu.addAction(theme.icon(icon), text)
            action.setEnabled(enabled)
            action.triggered.connect(lambda: self.chosen.emit(what))

        add("shield", "Safety &code…", "safety")
        if self._may_decide:
            menu.addSeparator()
            add("microphone-off", "Ask to &mute", "ask-audio", not person.audio_muted)
            add("camera-off", "Ask to turn the camera &off", "ask-video", not person.video_muted)
            add("host", "Make &host", "give-host")
            menu.addSeparator()
            add("leave", "&Remove…", "kick")
            add("lock", "Remove and &ban…", "ban")
        return menu

    def _open_menu(self) -> None:
        menu = self.menu()
        corner = self.menu_button.rect().bottomRight()
        place = self.menu_button.mapToGlobal(corner)
        place.setX(place.x() - menu.sizeHint().width())
        menu.popup(place)
