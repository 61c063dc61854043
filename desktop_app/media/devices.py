"""The devices of this machine, as the window lists them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Device:
    """One device: `id` is what its backend opens, `name` is what a person reads and the settings keep."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Devices:
    """What is connected now."""

    cameras: tuple[Device, ...] = ()
    microphones: tuple[Device, ...] = ()
    speakers: tuple[Device, ...] = ()
