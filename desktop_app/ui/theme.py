"""The look of the application: colours, icons, spacing, and the style sheet made of them.

Widgets never name a colour themselves: those that paint take it from `current_palette()` while they paint,
all others take their style from a dynamic property that the style sheet knows (set it with `set_style`):

- QLabel: role = title, heading, muted, caption, error, warning
- QPushButton: kind = primary, danger, flat
- QToolButton: kind = toolbar, danger, inline
- QFrame: role = card, toolbar, separator
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPalette

from desktop_app.core import paths

from .icons import SvgIconEngine, svg_source
from .palette import DARK, LIGHT, Palette

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication, QWidget

__all__ = ["Palette", "Spacing", "apply_theme", "current_palette", "icon", "notifier", "set_style"]

Appearance: TypeAlias = Literal["system", "light", "dark"]

_TOKEN = re.compile(r"@([a-z_]+)@")


class Spacing:
    """Distances in logical pixels; use these and no others."""

    XS: Final = 4
    S: Final = 8
    M: Final = 12
    L: Final = 16
    XL: Final = 24
    RADIUS: Final = 8
    ICON: Final = 20
    TOOL_ICON: Final = 24


class _Notifier(QObject):
    """Tells that the colours changed. Widgets are repainted anyway; this is for what is cached or plotted."""

    changed = Signal()


class _State:
    palette: Palette = LIGHT
    appearance: Appearance = "light"
    notifier: _Notifier | None = None
    follows_system = False


def current_palette() -> Palette:
    """The colours of now; ask again whenever you paint."""
    return _State.palette


def notifier() -> _Notifier:
    """The object whose `changed` signal follows every change of the colours."""
    if _State.notifier is None:
        _State.notifier = _Notifier()
    return _State.notifier


def icon(name: str, *, color: QColor | str | None = None) -> QIcon:
    """Icon `name` (see resources/icons) in the palette's text colour, or in `color`.

    A string names a colour of the palette, such as "danger", and follows the appearance; a QColor is fixed.
    The icon "app" has its own colours.
    """
    svg_source(name)  # a wrong name fails here, not while painting
    if isinstance(color, QColor):
        fixed = QColor(color)
        return QIcon(SvgIconEngine(name, lambda: fixed))
    token = color or "text"
    if token not in LIGHT.colours():
        raise KeyError(token)
    return QIcon(SvgIconEngine(name, lambda: current_palette().colours()[token]))


def set_style(widget: QWidget, **properties: str | bool) -> None:
    """Set dynamic properties such as role or kind, and let the style sheet take effect."""
    if all(widget.property(name) == value for name, value in properties.items()):
        return
    for name, value in properties.items():
        widget.setProperty(name, value)
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):  # else that happens when it is shown
        style = widget.style()
        style.unpolish(widget)
        style.polish(widget)
        widget.update()


def apply_theme(app: QApplication, appearance: Appearance) -> None:
    """Give the whole application its look; "system" follows the system's light or dark from now on."""
    if not _State.follows_system:
        _State.follows_system = True
        app.setStyle("Fusion")
        app.setWindowIcon(icon("app"))
        app.styleHints().colorSchemeChanged.connect(lambda _scheme: _system_changed(app))
    _State.appearance = appearance
    scheme = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark, "system": Qt.ColorScheme.Unknown}
    app.styleHints().setColorScheme(scheme[appearance])
    _use(app, _palette_for(app, appearance))


def _palette_for(app: QApplication, appearance: Appearance) -> Palette:
    if appearance == "system":
        return DARK if app.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT
    return DARK if appearance == "dark" else LIGHT


def _system_changed(app: QApplication) -> None:
    if _State.appearance == "system":
        _use(app, _palette_for(app, "system"))


def _use(app: QApplication, palette: Palette) -> None:
    _State.palette = palette
    app.setPalette(_qt_palette(palette))
    app.setStyleSheet(style_sheet(palette))
    notifier().changed.emit()


def _qt_palette(palette: Palette) -> QPalette:
    role = QPalette.ColorRole
    colours = {
        role.Window: palette.background,
        role.WindowText: palette.text,
        role.Base: palette.surface,
        role.AlternateBase: palette.surface_raised,
        role.Text: palette.text,
        role.Button: palette.surface_raised,
        role.ButtonText: palette.text,
        role.BrightText: palette.on_accent,
        role.ToolTipBase: palette.surface_raised,
        role.ToolTipText: palette.text,
        role.PlaceholderText: palette.text_muted,
        role.Highlight: palette.accent,
        role.HighlightedText: palette.on_accent,
        role.Accent: palette.accent,
        role.Light: palette.border,
        role.Midlight: palette.border,
        role.Mid: palette.border,
        role.Dark: palette.border,
        role.Link: palette.accent_text,
        role.LinkVisited: palette.accent_text,
    }
    made = QPalette()
    for each, colour in colours.items():
        made.setColor(each, colour)
    for each in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, each, palette.border_strong)
    return made


def style_sheet(palette: Palette) -> str:
    """resources/styles/app.qss with the palette's colours in place of its @tokens@."""
    folder = paths.resources_dir() / "styles"
    values = {name: colour.name() for name, colour in palette.colours().items()}
    values["styles"] = folder.as_posix()
    text = (folder / "app.qss").read_text(encoding="utf-8")
    return _TOKEN.sub(lambda match: values[match[1]], text)
