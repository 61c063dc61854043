"""From the person's settings to what media and ICE take."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from desktop_app.call.media_config import MediaConfig
from desktop_app.core.paths import download_dir
from desktop_app.media.video_source import VideoFormat
from desktop_app.protocol.ice_url import parse_ice_server

if TYPE_CHECKING:
    from desktop_app.call.files_config import FilesConfig
    from desktop_app.protocol.messages import IceServer
    from desktop_app.quality.planner import Mode
    from desktop_app.settings.schema import Settings

logger = logging.getLogger(__name__)


def media_config(settings: Settings) -> MediaConfig:
    """Devices and processing."""
    width, _, height = settings.video_size.partition("x")
    return MediaConfig(
        camera=settings.camera,
        video_format=VideoFormat(int(width), int(height), settings.frame_rate),
        microphone=settings.microphone,
        speaker=settings.speaker,
        echo_cancellation=settings.echo_cancellation,
        noise_suppression=settings.noise_suppression,
        automatic_gain=settings.automatic_gain,
        dtx=settings.silence_saving,
        quality=cast("Mode", settings.quality),
    )


def with_settings(files: FilesConfig, settings: Settings) -> FilesConfig:
    """The folder for received files; the rest is not a matter of the settings."""
    folder = Path(settings.download_folder) if settings.download_folder else download_dir()
    return replace(files, download_folder=folder)


def ice_servers(settings: Settings) -> tuple[IceServer, ...]:
    """The person's own STUN and TURN servers. The settings were validated; a line that still fails is left out."""
    servers = []
    for line in settings.ice_servers:
        if line.startswith("turn") and "," not in line:
            logger.info("a TURN server of the settings is not used: its secret is not known")
            continue
        try:
            servers.append(parse_ice_server(line))
        except ValueError:
            logger.warning("an ICE server of the settings is not valid and is not used")
    return tuple(servers)
