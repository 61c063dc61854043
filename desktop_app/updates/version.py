"""Version numbers and their order, as PEP 440 has it; what Semantic Versioning 2.0.0 writes otherwise is read as well.

1.2 = 1.2.0 = v1.2.0 = 1.2.0+linux      1.2.dev3 < 1.2a1 = 1.2-alpha.1 < 1.2rc1 < 1.2 < 1.2.post1 < 1.10
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import total_ordering

MAX_CHARS = 64
_VERSION = re.compile(
    r"""v?
    (?:(?P<epoch>[0-9]+)!)?
    (?P<release>[0-9]+(?:\.[0-9]+)*)
    (?:[-_.]?(?P<pre>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?P<pre_number>[0-9]*))?
    (?:[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_number>[0-9]*))?
    (?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_number>[0-9]*))?
    (?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_PRE = {"alpha": 0, "a": 0, "beta": 1, "b": 1, "preview": 2, "pre": 2, "rc": 2, "c": 2}
_FIRST, _LAST = (-1, 0), (3, 0)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A version; `text` is what was read, the order is that of the numbers in it."""

    text: str
    key: tuple[int, tuple[int, ...], tuple[int, int], int, tuple[int, int]] = field(repr=False)

    def __eq__(self, other: object) -> bool:
        """Whether the numbers are the same, however they are written."""
        return self.key == other.key if isinstance(other, Version) else NotImplemented

    def __hash__(self) -> int:
        """By the numbers."""
        return hash(self.key)

    def __lt__(self, other: Version) -> bool:
        """Whether it is older."""
        return self.key < other.key

    def __str__(self) -> str:
        """As it was written."""
        return self.text


def parse_version(text: str) -> Version:
    """Read a version.

    Raises:
        ValueError: it is none.
    """
    match = _VERSION.fullmatch(text.strip()) if len(text) <= MAX_CHARS else None
    if match is None:
        raise ValueError("This is no version number.")
    numbers = [int(each) for each in match["release"].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    if match["pre"] is not None:
        pre = (_PRE[match["pre"].lower()], int(match["pre_number"] or 0))
    else:  # a development version of no pre-release comes before all pre-releases
        pre = _FIRST if match["dev"] is not None and match["post"] is None else _LAST
    post = -1 if match["post"] is None else int(match["post_number"] or 0)
    dev = (1, 0) if match["dev"] is None else (0, int(match["dev_number"] or 0))
    return Version(text.strip(), (int(match["epoch"] or 0), tuple(numbers), pre, post, dev))
