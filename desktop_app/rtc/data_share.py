"""What data may take of a path that sound and pictures want, too.

Two controllers that steer by the queue, on one path, come to an arrangement that neither chose: the pictures' one
takes any queue for the end of what there is, and data would push it down to nothing. But both are at the same sending
end. So data waits until the pictures have all that they have a use for; meanwhile it gets a small share, so that a
file goes on. Pure.
"""

from __future__ import annotations

MOST_KBPS = 28_000.0
"""More costs processor time that sound and pictures of the same process are short of then: this is a quarter of a core
at each end."""
SHARE = 0.10
"""Of the path, while pictures would have a use for all of it."""
CONTENT, SHORT = 1.0, 0.85
"""Pictures have enough at this share of what they have a use for, and no more below that one."""


class DataShare:
    """One connection's."""

    def __init__(self) -> None:
        self._is_short = True

    def update(self, path_kbps: float, wanted_kbps: float) -> float:
        """The limit for data in kbit/s.

        Args:
            path_kbps: what the path is thought to carry of sound and pictures.
            wanted_kbps: what they could take at most; 0 when there are no pictures.
        """
        if path_kbps >= CONTENT * wanted_kbps:
            self._is_short = False
        elif path_kbps < SHORT * wanted_kbps:
            self._is_short = True
        return SHARE * path_kbps if self._is_short else MOST_KBPS
