"""What the operating system says of the network, by Qt: at once, where a time-out would take seconds.

On Linux the engine listens to the kernel itself; elsewhere this is how it learns that an address came or went
(QNetworkInformation: NLM on Windows, SystemConfiguration on macOS, NetworkManager).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtNetwork import QNetworkInformation

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


def watch_network(on_change: Callable[[], None]) -> bool:
    """Call `on_change` on the Qt thread after each change; whether Qt knows how to watch here."""
    if not QNetworkInformation.loadBackendByFeatures(QNetworkInformation.Feature.Reachability):
        logger.info("Qt cannot watch the network here")
        return False
    information = QNetworkInformation.instance()  # there is one now
    information.reachabilityChanged.connect(lambda _value: on_change())
    information.transportMediumChanged.connect(lambda _value: on_change())
    return True
