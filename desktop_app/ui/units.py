"""Figures as people read them. A figure that is not known is a dash."""

from __future__ import annotations

UNKNOWN = "–"


def bit_rate(kbps: float | None) -> str:
    """A bit rate: 812 kbit/s, 1.24 Mbit/s."""
    if kbps is None:
        return UNKNOWN
    return f"{kbps / 1000:.2f} Mbit/s" if kbps >= 1000 else f"{kbps:.0f} kbit/s"


def byte_size(size_bytes: int | None) -> str:
    """An amount of data in decimal units: 640 B, 12.3 kB, 4.5 MB."""
    if size_bytes is None:
        return UNKNOWN
    size = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"


def milliseconds(time_ms: float | None) -> str:
    """A time: 0.4 ms, 35 ms, 1.20 s."""
    if time_ms is None:
        return UNKNOWN
    if time_ms >= 1000:
        return f"{time_ms / 1000:.2f} s"
    return f"{time_ms:.1f} ms" if 0 < time_ms < 10 else f"{time_ms:.0f} ms"


def percent(share_pct: float | None) -> str:
    """A share: 0 %, 0.4 %, 12 %."""
    if share_pct is None:
        return UNKNOWN
    return f"{share_pct:.1f} %" if 0 < share_pct < 10 else f"{share_pct:.0f} %"


def count(number: int | None) -> str:
    """A whole number with thin spaces between the thousands (ISO 80000-1, 7.3.1)."""
    return UNKNOWN if number is None else f"{number:,}".replace(",", "\u202f")


def frame_rate(fps: float | None) -> str:
    """A frame rate: 29.8 fps."""
    return UNKNOWN if fps is None else f"{fps:.1f} fps"


def frame_size(width: int, height: int) -> str:
    """Width and height of a frame in pixels."""
    return f"{width} × {height}" if width and height else UNKNOWN


def level(rms: float | None) -> str:
    """An audio level (RMS, 0 to 1) in per cent of full scale."""
    return UNKNOWN if rms is None else f"{100 * rms:.0f} %"


def word(text: str | None) -> str:
    """A text as it is."""
    return text or UNKNOWN
