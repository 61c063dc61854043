"""What the services tell the window and the bot. Immutable, so that they may cross threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from .messages.board import Op, Shape

DeliveryState: TypeAlias = Literal["waiting", "sent", "delivered", "failed"]
TransferState: TypeAlias = Literal[
    "offered",
    "waiting",
    "running",
    "done",
    "declined",
    "cancelled",
    "failed",
]
"""offered: the receiver has not answered; waiting: accepted, and there is no connection at the moment."""


@dataclass(frozen=True, slots=True)
class ChatEntry:
    """A line as it is shown."""

    id: str
    """Its tag, which tells it apart from the lines of all others."""
    author: str
    author_name: str
    text: str
    sent_ms: float
    """Since 1970, by the author's clock."""
    to: str | None
    """None: for everybody."""
    own: bool
    state: DeliveryState
    """Of one's own lines; those of others are "delivered"."""
    recipients: int = 0
    delivered: int = 0
    """To how many of the recipients."""
    from_history: bool = False
    """Told by others after it was said."""


@dataclass(frozen=True, slots=True)
class ChatLineChanged:
    """A line is new, or its delivery state changed."""

    entry: ChatEntry


@dataclass(frozen=True, slots=True)
class Transfer:
    """One file to or from one participant, as it is shown."""

    transfer_id: str
    """Of one's own: a file for several participants is several transfers."""
    direction: Literal["in", "out"]
    user_id: str
    name: str
    """As it is, or will be, in the receiver's folder: cleaned."""
    size_bytes: int
    done_bytes: int
    state: TransferState
    path: str = ""
    """Of the source, or of the file when it is done."""
    preview: bytes | None = None
    """A small PNG or JPEG, still encoded, by whoever offers: hostile."""
    rate_bytes_s: float = 0.0
    left_s: float | None = None
    message: str = ""
    """One sentence for the person when it failed."""
    resumed_from: int = 0
    """The byte from which the newest connection went on."""
    sha256: str = ""
    """When it is done."""
    moved_bytes: int = 0
    """What went through the channel since the program started, what was sent again counted again."""


@dataclass(frozen=True, slots=True)
class TransferChanged:
    """A transfer is new, went on (a few times a second at most), or ended."""

    transfer: Transfer


@dataclass(frozen=True, slots=True)
class BoardChanged:
    """Operations that were added to the whiteboard; or none, when only what can be undone has changed."""

    ops: tuple[Op, ...]
    own: bool = False
    """Made here, all that one change makes."""
    can_undo: bool = False
    can_redo: bool = False
    """As it is after these operations."""


@dataclass(frozen=True, slots=True)
class BoardCleared:
    """Another call, another whiteboard: it is empty."""


@dataclass(frozen=True, slots=True)
class StrokeMoved:
    """A participant is drawing; None when the stroke has ended."""

    user_id: str
    shape: Shape | None


@dataclass(frozen=True, slots=True)
class PointerMoved:
    """Where a participant's pointer is."""

    user_id: str
    surface: str
    """`board`, or `video:` or `screen:` and the id of the participant whose picture or screen it is; without an id it
    is our own."""
    x: float
    y: float
    visible: bool


@dataclass(frozen=True, slots=True)
class ReactionShown:
    """A participant, or oneself, reacts."""

    user_id: str
    """Empty: oneself."""
    emoji: str


@dataclass(frozen=True, slots=True)
class HandChanged:
    """A participant's hand, or one's own, went up or down."""

    user_id: str
    """Empty: oneself."""
    raised: bool


DataEvent: TypeAlias = (
    ChatLineChanged
    | TransferChanged
    | BoardChanged
    | BoardCleared
    | StrokeMoved
    | PointerMoved
    | ReactionShown
    | HandChanged
)
