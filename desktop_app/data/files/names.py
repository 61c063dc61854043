"""Names of files that others send: hostile until they went through `clean_name`."""

from __future__ import annotations

import os
import re
import unicodedata

MAX_NAME_BYTES = 200
"""File systems take 255; the rest is for " (2)" and for what a part file and its record have around the name."""
_MAX_EXTENSION_BYTES = 32
FALLBACK = "file"

_SEPARATORS = re.compile(r"[/\\]")
_FORBIDDEN_ON_WINDOWS = re.compile(r'[<>:"|?*]')
_SPACES = re.compile(r"\s+")
_DROPPED = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Controls, what turns or hides text (among it the bidirectional marks), lone surrogates, and what has no meaning."""
_RESERVED = re.compile(
    r"(?:CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|COM[0-9¹²³]|LPT[0-9¹²³])\Z", re.IGNORECASE
)
"""Devices on Windows, with any extension."""


def clean_name(name: str) -> str:
    """A name that is harmless in a folder of any system: no path, nothing that cannot be seen, at most
    MAX_NAME_BYTES in UTF-8, never empty. A clean name stays as it is.
    """
    cleaned = _clean_once(name)
    while (again := _clean_once(cleaned)) != cleaned:  # what was cut may have laid something bare
        cleaned = again
    return cleaned


def _clean_once(name: str) -> str:
    name = next((part for part in reversed(_SEPARATORS.split(name)) if part.strip(". ")), "")
    name = unicodedata.normalize("NFC", name)
    # Spaces of any kind become one: many of them push an extension out of sight.
    name = _SPACES.sub(
        " ", "".join(" " if unicodedata.category(one) in ("Zs", "Zl", "Zp") else one for one in name)
    )
    name = "".join(one for one in name if unicodedata.category(one) not in _DROPPED)
    name = _shorten(_FORBIDDEN_ON_WINDOWS.sub("_", name).strip(". ")).strip(". ")
    if _RESERVED.match(name.partition(".")[0].rstrip(" ")):
        name = f"_{name}"
    return name or FALLBACK


def _shorten(name: str) -> str:
    if len(name.encode("utf-8")) <= MAX_NAME_BYTES:
        return name
    stem, extension = os.path.splitext(name)
    if len(extension.encode("utf-8")) > _MAX_EXTENSION_BYTES:
        stem, extension = name, ""
    room = MAX_NAME_BYTES - len(extension.encode("utf-8"))
    return stem.encode("utf-8")[:room].decode("utf-8", "ignore").rstrip(". ") + extension


def numbered(name: str, number: int) -> str:
    """The name for the `number`th file of that name: "name.ext", "name (2).ext", ..."""
    if number == 1:
        return name
    stem, extension = os.path.splitext(name)
    return f"{stem} ({number}){extension}"
