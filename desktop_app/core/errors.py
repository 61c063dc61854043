"""The exception tree.

    BridgecallError
    +-- UserFacingError      its text is one sentence that a person may read
    |   +-- SettingsError    (settings) a value that the schema refuses
    |   +-- DeviceError      (media) a camera, microphone or speaker that cannot be used
    |   +-- ConnectError     (signaling) a server that cannot be reached or refuses us
    |   +-- FileError        (data) a file that cannot be sent or received
    |   +-- BoardError       (data) a whiteboard that is full, or what cannot be drawn or saved
    +-- ProtocolError        (protocol) a message that breaks the wire protocol

Everything else is a defect: it is logged with its traceback, and the person is told one plain sentence.
"""

from __future__ import annotations


class BridgecallError(Exception):
    """Base of every error that this project raises on purpose."""


class UserFacingError(BridgecallError):
    """An error whose text is one sentence for the person at the window.

    `code` is a stable word for programs (the bot prints it); the text may change or be translated.
    """

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


GENERIC_SENTENCE = "Something went wrong inside Bridgecall; the log has the details."


def sentence_for(error: BaseException) -> str:
    """The one sentence that a person reads for `error`."""
    if isinstance(error, UserFacingError):
        return str(error)
    return GENERIC_SENTENCE
