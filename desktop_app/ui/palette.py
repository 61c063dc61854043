"""The named colours of the light and the dark appearance.

Contrast follows WCAG 2.2: text 4.5:1 (1.4.3), the edge of a field and the focus ring 3:1 (1.4.11). A test
computes it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from PySide6.QtGui import QColor


@dataclass(frozen=True, slots=True)
class Palette:
    """One appearance's colours, each by what it is for."""

    name: str
    """light or dark."""
    background: QColor
    """The window."""
    surface: QColor
    """Cards, fields, lists and menus on the window."""
    surface_raised: QColor
    """What stands out from either: hovered rows, toolbars, buttons."""
    text: QColor
    text_muted: QColor
    """Help and captions; still readable on every surface."""
    accent: QColor
    """Fills: primary buttons, switches, selection, focus rings. On it goes `on_accent`."""
    on_accent: QColor
    accent_text: QColor
    """The accent as text or icon on any surface."""
    danger: QColor
    """Errors as text or icon on any surface."""
    danger_fill: QColor
    """The fill of the leave button. On it goes `on_danger`."""
    on_danger: QColor
    warning: QColor
    good: QColor
    border: QColor
    """Decorative lines between parts."""
    border_strong: QColor
    """The edge of a field or switch, which must be seen."""
    tile_background: QColor
    """Behind a video; dark in both appearances."""
    tile_text: QColor
    """On `tile_background`."""
    tile_text_muted: QColor
    board_paper: QColor
    """Behind the whiteboard's ink; light in both appearances."""
    board_dot: QColor
    board_hint: QColor
    """Words on the paper."""

    def colours(self) -> dict[str, QColor]:
        """All colours by name."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "name"}


LIGHT = Palette(
    name="light",
    background=QColor("#f3f5f9"),
    surface=QColor("#ffffff"),
    surface_raised=QColor("#e8ecf3"),
    text=QColor("#18202d"),
    text_muted=QColor("#525d6e"),
    accent=QColor("#2563eb"),
    on_accent=QColor("#ffffff"),
    accent_text=QColor("#1d55d3"),
    danger=QColor("#bb2525"),
    danger_fill=QColor("#cc2f2f"),
    on_danger=QColor("#ffffff"),
    warning=QColor("#875100"),
    good=QColor("#11703a"),
    border=QColor("#d6dce6"),
    border_strong=QColor("#7c8798"),
    tile_background=QColor("#1b212b"),
    tile_text=QColor("#f3f6fa"),
    tile_text_muted=QColor("#aeb8c6"),
    board_paper=QColor("#ffffff"),
    board_dot=QColor("#d5dbe5"),
    board_hint=QColor("#5d6878"),
)

DARK = Palette(
    name="dark",
    background=QColor("#12161c"),
    surface=QColor("#1a2029"),
    surface_raised=QColor("#262e3a"),
    text=QColor("#edf1f6"),
    text_muted=QColor("#a4b0c0"),
    accent=QColor("#366ee8"),
    on_accent=QColor("#ffffff"),
    accent_text=QColor("#8db4ff"),
    danger=QColor("#ff8b84"),
    danger_fill=QColor("#cf3a34"),
    on_danger=QColor("#ffffff"),
    warning=QColor("#f2b94f"),
    good=QColor("#5fd08a"),
    border=QColor("#323c4a"),
    border_strong=QColor("#7f8b9c"),
    tile_background=QColor("#0a0d11"),
    tile_text=QColor("#f3f6fa"),
    tile_text_muted=QColor("#a4b0c0"),
    board_paper=QColor("#f1f3f6"),
    board_dot=QColor("#c9d0da"),
    board_hint=QColor("#5d6878"),
)


def relative_luminance(colour: QColor) -> float:
    """WCAG 2.2's relative luminance of an sRGB colour, 0 (black) to 1 (white)."""
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast_ratio(first: QColor, second: QColor) -> float:
    """WCAG 2.2's contrast ratio of two opaque colours, 1 to 21."""
    lighter, darker = sorted((relative_luminance(first), relative_luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
