"""What participants say to each other directly in one call: the services, and the links that carry them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from desktop_app.core.paths import transfers_dir
from desktop_app.data.board.service import BoardService
from desktop_app.data.chat import ChatService
from desktop_app.data.files.service import FileService
from desktop_app.data.hub import DataHub
from desktop_app.data.pointer import PointerService
from desktop_app.data.signs import SignService

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.core.errors import UserFacingError
    from desktop_app.data.events import DataEvent
    from desktop_app.data.port import Service

    from .files_config import FilesConfig


def _now_ms() -> float:
    return time.time() * 1000


class CallData:
    """Made when a call begins, closed when it ends. Lives on the engine loop."""

    def __init__(
        self,
        user_id: str,
        *,
        name: Callable[[], str],
        files: Callable[[], FilesConfig],
        emit: Callable[[DataEvent], None],
        on_error: Callable[[UserFacingError], None],
    ) -> None:
        """`user_id` is ours, `name` tells what we are called now, and `files` what is set for files now; `on_error`
        is told what the person did not ask for at this moment.
        """
        config = files()
        self.signs = SignService(emit=emit, now_s=time.monotonic)
        self.chat = ChatService(
            user_id,
            name=name,
            links=lambda: self.hub.links,
            emit=emit,
            now_s=time.monotonic,
            now_ms=_now_ms,
        )
        self.files = FileService(
            user_id=user_id,
            download_folder=lambda: files().download_folder,
            state_folder=transfers_dir(),
            owner=config.owner,
            answer=config.answer,
            standing_offers=config.standing_offers,
            emit=emit,
            now_s=time.monotonic,
            on_error=on_error,
        )
        self.board = BoardService(user_id=user_id, emit=emit)
        self.pointer = PointerService(user_id=user_id, emit=emit)
        services: tuple[Service, ...] = (self.chat, self.signs, self.files, self.board, self.pointer)
        self.hub = DataHub(
            services,
            now_s=time.monotonic,
            now_ms=_now_ms,
            hand_raised=lambda: self.signs.hand_raised,
            on_left=self.chat.participant_left,
        )

    async def close(self) -> None:
        """End the links and the services."""
        await self.hub.close()
