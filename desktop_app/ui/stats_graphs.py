"""Live graphs of bit rate, loss and round-trip time.

This imports pyqtgraph, which takes 0.7 s when it is not in the disk cache: import it late, in another thread.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyqtgraph  # type: ignore[import-untyped]
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop_app.stats.history import Metric

from . import units

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.stats.history import StatsHistory

RECEIVED = QColor(58, 134, 235)
SENT = QColor(230, 126, 34)
AXIS_WIDTH_PX = 44
MIN_HEIGHT_PX = 80


class Curve(NamedTuple):
    """One line of a graph."""

    metric: Metric
    word: str
    color: QColor


class GraphSpec(NamedTuple):
    """One graph: its title, lines, how a value reads, and the least height of its scale."""

    title: str
    curves: tuple[Curve, ...]
    text: Callable[[float], str]
    least_top: float


GRAPHS = (
    GraphSpec(
        "Bit rate",
        (
            Curve(Metric.RECEIVE_KBPS, "received", RECEIVED),
            Curve(Metric.SEND_KBPS, "sent", SENT),
        ),
        units.bit_rate,
        100.0,
    ),
    GraphSpec(
        "Loss",
        (
            Curve(Metric.RECEIVE_LOSS_PCT, "received", RECEIVED),
            Curve(Metric.SEND_LOSS_PCT, "sent", SENT),
        ),
        units.percent,
        5.0,
    ),
    GraphSpec(
        "Round-trip time",
        (Curve(Metric.ROUND_TRIP_TIME_MS, "", RECEIVED),),
        units.milliseconds,
        50.0,
    ),
)


class Graph(QWidget):
    """One graph with a heading that says the newest values in words."""

    def __init__(self, spec: GraphSpec, span_s: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = spec
        self._title = QLabel(spec.title)
        self._values = QLabel()
        self._values.setTextFormat(Qt.TextFormat.RichText)
        heading = QHBoxLayout()
        heading.addWidget(self._title)
        heading.addStretch(1)
        heading.addWidget(self._values)
        self._plot = pyqtgraph.PlotWidget(enableMenu=False)
        # pyqtgraph makes this menu in any case, and without a parent it would outlive the window.
        menu = self._plot.getPlotItem().ctrlMenu
        menu.setParent(self._plot, menu.windowFlags())
        self._plot.setMinimumHeight(MIN_HEIGHT_PX)
        self._plot.setMouseEnabled(False, False)
        self._plot.hideButtons()
        self._plot.setXRange(-span_s, 0, padding=0)
        self._plot.getAxis("left").setWidth(AXIS_WIDTH_PX)
        self._plot.getAxis("left").enableAutoSIPrefix(False)
        self._plot.getAxis("bottom").setTicks(
            [[(-share * span_s, f"-{share * span_s:.0f} s") for share in (0.75, 0.5, 0.25)]]
        )
        for each in (self._plot, self._plot.viewport()):
            each.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lines = [
            self._plot.plot(pen=pyqtgraph.mkPen(curve.color, width=2), connect="finite", antialias=True)
            for curve in spec.curves
        ]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(heading)
        layout.addWidget(self._plot, 1)
        self._apply_palette()

    @property
    def values_text(self) -> str:
        """The newest values in words."""
        return self._values.text()

    def line_data(self, number: int) -> tuple[list[float], list[float]]:
        """What a line shows: ages in seconds and values."""
        ages, values = self._lines[number].getData()
        return ([], []) if ages is None else (ages.tolist(), values.tolist())

    def show_history(self, history: StatsHistory, user_id: str | None) -> None:
        """Draw the series of one participant, or with None of all together."""
        top = self._spec.least_top
        words = []
        for curve, line in zip(self._spec.curves, self._lines, strict=True):
            series = history.series(curve.metric, user_id)
            line.setData(np.array(series.ages_s, dtype=float), np.array(series.values, dtype=float))
            finite = [value for value in series.values if math.isfinite(value)]
            top = max([top, *finite])
            newest = series.values[-1] if series.values else math.nan
            text = self._spec.text(newest) if math.isfinite(newest) else units.UNKNOWN
            words.append(f'<span style="color:{curve.color.name()}">●</span> {curve.word} {text}')
        self._plot.setYRange(0, top * 1.08, padding=0)
        self._values.setText("&nbsp;&nbsp;".join(words))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change between light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_plot"):
            self._apply_palette()

    def _apply_palette(self) -> None:
        palette = self.palette()
        faint = QColor(palette.color(QPalette.ColorRole.WindowText))
        faint.setAlpha(150)
        self._plot.setBackground(palette.color(QPalette.ColorRole.Base))
        for name in ("left", "bottom"):
            axis = self._plot.getAxis(name)
            axis.setPen(pyqtgraph.mkPen(faint, width=1))
            axis.setTextPen(faint)
        self._plot.showGrid(x=False, y=True, alpha=0.18)


class StatsGraphs(QWidget):
    """All graphs, one below the other."""

    def __init__(self, history: StatsHistory, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history = history
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.graphs = [Graph(spec, history.span_s) for spec in GRAPHS]
        for graph in self.graphs:
            layout.addWidget(graph)

    def show_history(self, user_id: str | None) -> None:
        """Draw the newest series."""
        for graph in self.graphs:
            graph.show_history(self._history, user_id)
