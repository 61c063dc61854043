"""The statistics beside a call: who, graphs of the last two minutes, and the table of the newest second."""

from __future__ import annotations

import asyncio
import importlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QSplitter,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from desktop_app.stats.history import StatsHistory

from . import theme
from .async_slots import run_coroutine
from .stats_rows import overview_sections, sections_for
from .stats_table import StatsTableModel

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from desktop_app.call.events import TopologyChanged
    from desktop_app.stats.model import CallStats

    from .stats_graphs import StatsGraphs

EVERYONE = "Everyone"
MIN_WIDTH_PX = 400


class StatsPanel(QWidget):
    """Collects in the background, draws only while it is visible."""

    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history = StatsHistory()
        self._newest: CallStats | None = None
        self._names: dict[str, str] = {}
        self._topology: TopologyChanged | None = None
        self._graphs: StatsGraphs | None = None
        self._loading = False
        self._picked: str | None = None
        """Whom the person chose; until then it is everyone, or the only one."""

        self._choice = QComboBox()
        self._choice.setAccessibleName("Participant whose statistics are shown")
        self._choice.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._choice.currentIndexChanged.connect(self._draw)
        self._choice.activated.connect(self._remember_choice)
        self.close_button = close = QToolButton()
        close.setIcon(theme.icon("close"))
        close.setAutoRaise(True)
        close.setToolTip("Close the statistics")
        close.setAccessibleName("Close the statistics")
        close.clicked.connect(self.close_requested)
        title = QLabel("Statistics")
        title_font = title.font()
        title_font.setBold(True)
        title.setFont(title_font)
        heading = QHBoxLayout()
        heading.addWidget(title)
        heading.addWidget(self._choice, 1)
        heading.addWidget(close)

        self._graph_place = QWidget()
        graph_layout = QVBoxLayout(self._graph_place)
        graph_layout.setContentsMargins(0, 0, 0, 0)
        self._loading_label = QLabel("Loading the graphs…")
        self._loading_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        graph_layout.addWidget(self._loading_label)

        self.model = StatsTableModel(self)
        self._table = QTreeView()
        self._table.setModel(self.model)
        self._table.setAccessibleName("Statistics")
        self._table.setUniformRowHeights(True)
        self._table.setAlternatingRowColors(True)
        self._table.setRootIsDecorated(False)
        self._table.setItemsExpandable(False)
        self._table.setIndentation(8)
        header = self._table.header()
        header.setStretchLastSection(False)
        header.setResizeContentsPrecision(60)  # rows; those of one participant, as all are alike
        # By hand whenever there are other rows: ResizeToContents looks at all of them every second.
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self._table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._table.setStyleSheet("QTreeView::item { padding: 3px 2px; }")
        header.setSectionsMovable(False)
        self._scrolled = 0
        self.model.modelAboutToBeReset.connect(self._note_place)
        self.model.modelReset.connect(self._expand)

        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.addWidget(self._graph_place)
        self._splitter.addWidget(self._table)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setStretchFactor(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 8)
        layout.addLayout(heading)
        layout.addWidget(self._splitter, 1)
        self.setMinimumWidth(MIN_WIDTH_PX)
        self._expand()

    @property
    def graphs(self) -> StatsGraphs | None:
        """The graphs, once they were shown for the first time."""
        return self._graphs

    @property
    def choice(self) -> QComboBox:
        """The choice of a participant."""
        return self._choice

    def set_people(self, names: dict[str, str]) -> None:
        """Who is in the call: user id and name. "Everyone" is offered from two on."""
        if names == self._names:
            return
        self._names = dict(names)
        self._choice.blockSignals(True)
        self._choice.clear()
        if len(names) > 1:
            self._choice.addItem(EVERYONE, None)
        for user_id, name in names.items():
            self._choice.addItem(name, user_id)
        self._choice.setCurrentIndex(max(0, self._choice.findData(self._picked)))
        self._choice.setEnabled(bool(names))
        self._choice.blockSignals(False)
        self._draw()

    def set_topology(self, topology: TopologyChanged | None) -> None:
        """How media travels now."""
        if topology != self._topology:
            self._topology = topology
            self._draw()

    def take_stats(self, stats: CallStats) -> None:
        """Keep one second, and draw it when visible."""
        self._newest = stats
        sent_once = self._topology is not None and self._topology.mode == "sfu"
        self._history.add(stats, sent_once=sent_once)
        self._draw()

    def clear(self) -> None:
        """A call is over."""
        self._history.clear()
        self._newest = None
        self._picked = None
        self.set_people({})
        self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        """Load the graphs at the first time, and draw what came meanwhile."""
        super().showEvent(event)
        if not self._loading:
            self._loading = True
            run_coroutine(self, self._load_graphs(), self._loading_label.setText)
        self._draw()

    async def _load_graphs(self) -> None:
        # The import takes most of a second; in another thread the window goes on.
        executor = ThreadPoolExecutor(1, thread_name_prefix="import")
        try:
            module = await asyncio.get_running_loop().run_in_executor(
                executor, importlib.import_module, "desktop_app.ui.stats_graphs"
            )
        finally:
            executor.shutdown(wait=False)
        self._graphs = module.StatsGraphs(self._history)
        self._loading_label.hide()
        place = self._graph_place.layout()
        if place is not None:
            place.addWidget(self._graphs)
        self._draw()

    def _remember_choice(self) -> None:
        self._picked = self._choice.currentData()

    def _draw(self) -> None:
        if not self.isVisible():
            return
        user_id = self._choice.currentData()
        peers = self._newest.peers if self._newest else {}
        local = self._newest.local if self._newest else None
        if user_id is None and len(self._names) > 1:
            people = [(name, peers.get(each)) for each, name in self._names.items()]
            self.model.show_sections(overview_sections(people, local, self._topology))
        else:
            self.model.show_sections(sections_for(peers.get(user_id), local, self._topology))
        if self._graphs is not None:
            self._graphs.show_history(user_id)

    def _note_place(self) -> None:
        self._scrolled = self._table.verticalScrollBar().value()

    def _expand(self) -> None:
        self._table.expandAll()
        for row in range(self.model.rowCount()):
            self._table.setFirstColumnSpanned(row, self._table.rootIndex(), True)
        self._table.resizeColumnToContents(0)
        self._table.verticalScrollBar().setValue(self._scrolled)
