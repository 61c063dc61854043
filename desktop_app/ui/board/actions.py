"""What can be done with the whiteboard: one QAction each, for its bar, its menus and the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QKeySequence
from PySide6.QtWidgets import QColorDialog, QWidget

from desktop_app.ui import theme

from .drafts import Ink, ToolName
from .swatches import COLORS, WIDTHS, color_icon, other_color_icon, width_icon

if TYPE_CHECKING:
    from collections.abc import Sequence

TOOLS: dict[ToolName, tuple[str, str, str]] = {
    # text, icon, key
    "hand": ("Move the paper", "pan", "H"),
    "pen": ("Pen", "pen", "P"),
    "line": ("Line", "line", "L"),
    "rectangle": ("Rectangle", "rectangle", "R"),
    "ellipse": ("Ellipse", "ellipse", "O"),
    "text": ("Text", "text", "T"),
    "eraser": ("Eraser", "eraser", "E"),
}
assert set(TOOLS) == set(get_args(ToolName))


class BoardActions(QObject):
    """Shortcuts work while the focus is on the whiteboard or its bar."""

    tool_chosen = Signal(str)
    ink_chosen = Signal(object)
    """The Ink to draw with from now on."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        self._panel = panel
        self._ink = Ink()
        self.tools: dict[ToolName, QAction] = {
            name: self._make(text, icon, key, checkable=True) for name, (text, icon, key) in TOOLS.items()
        }
        self._group(list(self.tools.values()))
        for name, action in self.tools.items():
            action.triggered.connect(lambda _checked, name=name: self.tool_chosen.emit(name))
        self.tools["pen"].setChecked(True)
        self.colors = {color: self._make(name, checkable=True) for color, name in COLORS.items()}
        for color, action in self.colors.items():
            action.setIcon(color_icon(color))
            action.triggered.connect(lambda _checked, color=color: self._use_ink(color, None))
        self.other_color = self._make("Other colour…", checkable=True)
        self.other_color.setIcon(other_color_icon())
        self.other_color.triggered.connect(self._choose_color)
        self._group([*self.colors.values(), self.other_color])
        self.widths = {width: self._make(name, checkable=True) for width, name in WIDTHS.items()}
        for width, action in self.widths.items():
            action.setIcon(width_icon(width))
            action.triggered.connect(lambda _checked, width=width: self._use_ink(None, width))
        self._group(list(self.widths.values()))
        self._show_ink()
        self.undo = self._make("Undo", "undo", "Ctrl+Z", tip="Take back what you did last")
        self.redo = self._make("Redo", "redo", "Ctrl+Shift+Z", "Ctrl+Y", tip="Do again what you took back")
        self.clear = self._make("Clear…", "remove", tip="Clear the whiteboard for everybody")
        self.export_png = self._make("Save as picture (PNG)…", "export", "Ctrl+Shift+E")
        self.export_svg = self._make("Save as drawing (SVG)…", "export")
        self.zoom_in = self._make("Zoom in", "zoom-in", "Ctrl++", "Ctrl+=")
        self.zoom_out = self._make("Zoom out", "zoom-out", "Ctrl+-")
        self.zoom_100 = self._make("Actual size", "", "Ctrl+0")
        self.fit = self._make("Show everything", "fit", "F")
        self.show_history(can_undo=False, can_redo=False)
        self.show_empty(True)

    @property
    def ink(self) -> Ink:
        """The colour and width that are chosen."""
        return self._ink

    def all(self) -> list[QAction]:
        """Every action."""
        return self.findChildren(QAction, options=Qt.FindChildOption.FindDirectChildrenOnly)

    def show_history(self, *, can_undo: bool, can_redo: bool) -> None:
        """Enable what can be taken back and done again."""
        self.undo.setEnabled(can_undo)
        self.redo.setEnabled(can_redo)

    def show_empty(self, empty: bool) -> None:
        """Without a drawing there is nothing to clear and nothing to save."""
        for action in (self.clear, self.export_png, self.export_svg):
            action.setEnabled(not empty)

    def current_color(self) -> QAction:
        """The action of the colour that is chosen."""
        return self.colors.get(self._ink.color, self.other_color)

    def current_width(self) -> QAction:
        """The action of the width that is chosen."""
        return self.widths[self._ink.width]

    # --- ink ------------------------------------------------------------------------------------

    def _use_ink(self, color: str | None, width: float | None) -> None:
        self._ink = Ink(color or self._ink.color, width or self._ink.width)
        self._show_ink()
        self.ink_chosen.emit(self._ink)

    def _show_ink(self) -> None:
        own = self._ink.color not in self.colors
        self.other_color.setIcon(color_icon(self._ink.color) if own else other_color_icon())
        self.current_color().setChecked(True)
        self.current_width().setChecked(True)

    def _choose_color(self) -> None:
        self._show_ink()  # nothing is chosen yet
        dialog = QColorDialog(QColor(self._ink.color), self._panel)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Colour to draw with")
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.colorSelected.connect(lambda color: self._use_ink(color.name(), None))
        dialog.open()

    # --- making ---------------------------------------------------------------------------------

    def _group(self, actions: Sequence[QAction]) -> None:
        group = QActionGroup(self)
        for action in actions:
            group.addAction(action)

    def _make(self, text: str, icon: str = "", *keys: str, tip: str = "", checkable: bool = False) -> QAction:
        action = QAction(text, self)
        if icon:
            action.setIcon(theme.icon(icon))
        action.setCheckable(checkable)
        action.setShortcuts([QKeySequence(each) for each in keys])
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        name = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        words = tip or text.rstrip("…")
        action.setToolTip(f"{words} ({name})" if name else words)
        self._panel.addAction(action)
        return action
