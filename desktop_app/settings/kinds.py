"""The kinds of setting: what values each allows, and the sentence for those that it refuses.

`checked` returns the value to keep (trimmed, lists made tuples) or raises ValueError with one sentence.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from desktop_app.core.ice_url import check_ice_url, split_ice_server

if TYPE_CHECKING:
    from collections.abc import Callable

DeviceKind: TypeAlias = Literal["camera", "microphone", "speaker"]

DEFAULT_DEVICE = ""
NO_DEVICE = "none"
TEST_DEVICE = "test"
"""A moving test pattern for a camera, a tone for a microphone."""

MAX_PATH_CHARS = 4096


def _has_forbidden(text: str) -> bool:
    # Control characters, lone surrogates (no UTF-8 for them), line separators; the joiners of emoji are fine.
    return any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in text)


def _checked_text(title: str, value: Any, max_chars: int) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{title} must be a text.")
    if _has_forbidden(value):
        raise ValueError(f"{title} must not contain line breaks or control characters.")
    text = value.strip()
    if len(text) > max_chars:
        raise ValueError(f"{title} has at most {max_chars} characters; this has {len(text)}.")
    return text


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text, trimmed."""

    max_chars: int
    placeholder: str = ""
    problem: Callable[[str], str | None] | None = None
    """Says what is wrong with a text that is short enough, or None."""

    def checked(self, title: str, value: Any) -> str:
        """The trimmed text."""
        text = _checked_text(title, value, self.max_chars)
        sentence = self.problem(text) if self.problem is not None else None
        if sentence:
            raise ValueError(sentence)
        return text


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words, each with its label."""

    labels: dict[str, str]

    def checked(self, title: str, value: Any) -> str:
        """The word itself."""
        if not isinstance(value, str) or value not in self.labels:
            raise ValueError(f"{title} must be one of {', '.join(self.labels)}.")
        return value


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number within bounds (both allowed)."""

    minimum: int
    maximum: int
    unit: str = ""

    def checked(self, title: str, value: Any) -> int:
        """The number itself."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{title} must be a whole number.")
        if not self.minimum <= value <= self.maximum:
            unit = f" {self.unit}" if self.unit else ""
            raise ValueError(f"{title} must be between {self.minimum} and {self.maximum}{unit}.")
        return value


@dataclass(frozen=True, slots=True)
class Switch:
    """On or off."""

    def checked(self, title: str, value: Any) -> bool:
        """The switch itself."""
        if not isinstance(value, bool):
            raise ValueError(f"{title} must be on or off.")
        return value


@dataclass(frozen=True, slots=True)
class Device:
    """A device by its name: "" is the system's default, "none" is no device.

    A camera or a microphone may also be "test" or the path of a file.
    """

    device: DeviceKind

    def checked(self, title: str, value: Any) -> str:
        """The name, untrimmed: a device's name is what its driver says."""
        if not isinstance(value, str):
            raise ValueError(f"{title} must be a text.")
        if len(value) > MAX_PATH_CHARS or _has_forbidden(value):
            raise ValueError(f"{title} must be the name of a device or the path of a file.")
        return value


@dataclass(frozen=True, slots=True)
class Folder:
    """The absolute path of a folder; "" is the system's. Whether it is there is asked when it is needed."""

    def checked(self, title: str, value: Any) -> str:
        """The path, untrimmed: a space may be part of it. "~" is the home folder."""
        if not isinstance(value, str):
            raise ValueError(f"{title} must be a text.")
        if not value.strip():
            return ""
        if len(value) > MAX_PATH_CHARS or _has_forbidden(value):
            raise ValueError(f"{title} must be the path of a folder.")
        path = os.path.expanduser(value)
        if not os.path.isabs(path):
            raise ValueError(f"{title} must be a whole path, from the drive or the root on.")
        return path


@dataclass(frozen=True, slots=True)
class IceServers:
    """A list of URL[,USER,SECRET] (RFC 7064, RFC 7065); a TURN server without a secret is not used."""

    maximum: int

    def checked(self, title: str, value: Any) -> tuple[str, ...]:
        """The servers as a tuple, each trimmed."""
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            raise ValueError(f"{title} must be a list of addresses.")
        if len(value) > self.maximum:
            raise ValueError(f"{title}: at most {self.maximum} can be used.")
        for each in value:
            # A bare TURN address is a server whose secret is in the keyring, or was.
            if check_ice_url(each.strip()) is not None:
                split_ice_server(each)
        return tuple(each.strip() for each in value)


Kind: TypeAlias = Text | Choice | Integer | Switch | Device | Folder | IceServers
