"""A sender and a receiver on one thread: real state machines, real files, a connection that can be cut at any byte."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from desktop_app.data.files.errors import FileError
from desktop_app.data.files.frames import Frame, Kind
from desktop_app.data.files.incoming import DiscardPart, FinishPart, Incoming, OpenPart, WritePart
from desktop_app.data.files.outgoing import CloseSource, OpenSource, Outgoing, ReadSource
from desktop_app.data.files.part_file import PartFile
from desktop_app.data.files.records import IncomingRecord, incoming_records
from desktop_app.data.files.source import Source, look_at
from desktop_app.data.messages.files import (
    FileAccept,
    FileCancel,
    FileDecline,
    FileDone,
    FileOffer,
    FileProgress,
    FilesMessage,
)

if TYPE_CHECKING:
    from pathlib import Path

ID = "0123456789abcdef" * 2


class Pair:
    """`folder` gets a source and a download folder."""

    def __init__(
        self, folder: Path, content: bytes, *, chunk_bytes: int = 16384, name: str = "data.bin"
    ) -> None:
        self.stop = threading.Event()
        self.downloads = folder / "downloads"
        self.source_path = folder / name
        self.source_path.write_bytes(content)
        self.file = look_at(str(self.source_path))
        self.chunk_bytes = chunk_bytes
        self.number = 0
        self.is_accepted = False
        """By the person: at the first offer."""
        self.sent_bytes = 0
        self.to_receiver: deque[FilesMessage | Frame] = deque()
        self.to_sender: deque[FilesMessage] = deque()
        self.out = self._new_out(is_accepted=False)
        self.into = Incoming(ID, name, len(content))
        self.part = self._new_part(is_recorded=False)
        self.is_connected = False

    def _new_out(self, *, is_accepted: bool) -> Outgoing:
        self.source = Source(self.file, self.stop)
        return Outgoing(ID, self.file.name, self.file.size_bytes, is_accepted=is_accepted)

    def _new_part(self, *, is_recorded: bool) -> PartFile:
        record = IncomingRecord(transfer_id=ID, name=self.file.name, size_bytes=self.file.size_bytes)
        return PartFile(self.downloads, record, self.stop, is_recorded=is_recorded)

    # --- what can happen --------------------------------------------------------------------------

    def connect(self) -> None:
        """A connection is up: the sender offers."""
        if not self.is_connected:
            self.is_connected = True
            self.number += 1
            self.out.offer(self.number)
            self.flush()

    def cut(self) -> None:
        """The connection is gone, with what was under way on it."""
        if self.is_connected:
            self.is_connected = False
            self.to_receiver.clear()
            self.to_sender.clear()
            self.out.lost()
            self.into.lost()

    def kill_sender(self) -> None:
        """It is started again with what is written down."""
        self.cut()
        self.source.close()
        if not self.out.is_over:
            self.out = self._new_out(is_accepted=self.out.is_accepted)

    def kill_receiver(self) -> None:
        """It is started again with what the download folder holds; what it had not written is lost."""
        self.cut()
        self.part.close()
        records = incoming_records(self.downloads)
        if not records:
            if not self.into.is_over:
                self.is_accepted = False
                self.into = Incoming(ID, self.file.name, self.file.size_bytes)
                self.part = self._new_part(is_recorded=False)
            return
        [record] = records
        self.part = PartFile(self.downloads, record, self.stop, is_recorded=True)
        self.into = Incoming(ID, record.name, record.size_bytes, is_accepted=True)
        if record.verified:
            path = self.part.place_verified()
            self.into.placed("" if path is None else str(path), record.sha256)

    def flush(self) -> None:
        """Put what the two want to say on the way."""
        if self.is_connected:
            self.to_receiver.extend(self.out.outbox)
            self.to_sender.extend(self.into.outbox)
        self.out.outbox.clear()
        self.into.outbox.clear()

    def sender_works(self) -> bool:
        """One job on the sender's disk; whether there was any."""
        job = self.out.next_job()
        try:
            match job:
                case OpenSource():
                    self.source.open(job.offset, job.prefix_sha256)
                    self.out.opened(job)
                case ReadSource():
                    self.out.read(*self.source.read(job.most_bytes))
                case CloseSource():
                    self.source.close()
                    self.out.closed()
        except FileError as error:
            self.out.failed(error)
        self.flush()
        return job is not None

    def receiver_works(self) -> bool:
        """One job on the receiver's disk; whether there was any."""
        job = self.into.next_job()
        try:
            match job:
                case OpenPart():
                    self.into.opened(*self.part.open())
                case WritePart():
                    self.into.wrote(self.part.write(job.pieces))
                case FinishPart():
                    self.into.finished(str(self.part.finish(job.digest)))
                case DiscardPart():
                    self.part.discard()
                    self.into.cleaned()
        except FileError as error:
            self.into.failed(error)
        self.flush()
        return job is not None

    def sender_sends(self) -> bool:
        """One frame goes on its way; whether there was any."""
        frame = self.out.frame(self.chunk_bytes) if self.is_connected else None
        if frame is None:
            return False
        if frame.kind is Kind.DATA:
            self.sent_bytes += len(frame.payload)
        self.to_receiver.append(frame)
        self.out.frame_sent()
        return True

    def receiver_hears(self) -> bool:
        """The next thing that is on its way arrives."""
        if not self.to_receiver:
            return False
        self.hear(self.to_receiver.popleft())
        return True

    def hear(self, thing: FilesMessage | Frame) -> None:
        """This arrives at the receiver."""
        match thing:
            case Frame():
                if thing.number == self.into.number:
                    self.into.frame(thing)
            case FileOffer():
                self.into.offered(thing.number)
                if not self.is_accepted:
                    self.is_accepted = True
                    self.into.accept()
            case FileCancel():
                self.into.peer_cancelled(thing.code)
        self.flush()

    def sender_hears(self) -> bool:
        """The next answer arrives."""
        if not self.to_sender:
            return False
        match self.to_sender.popleft():
            case FileAccept(offset=offset, prefix_sha256=prefix_sha256):
                self.out.accepted(offset, prefix_sha256)
            case FileProgress(received_bytes=received_bytes):
                self.out.progress(received_bytes)
            case FileDone():
                self.out.done()
            case FileDecline():
                self.out.declined()
            case FileCancel(code=code):
                self.out.peer_cancelled(code)
        self.flush()
        return True

    def tick(self) -> None:
        """A quarter of a second passes."""
        self.into.tick()
        self.flush()

    def run(self) -> None:
        """Until nothing happens any more."""
        while self.step():
            pass

    def step(self) -> bool:
        """Everything that can happen, once; whether something did."""
        happened = [
            self.receiver_hears(),
            self.sender_hears(),
            self.sender_works(),
            self.sender_sends(),
            self.receiver_works(),
        ]
        if not any(happened):
            self.tick()
            return bool(self.to_sender)
        return True

    # --- what is there ----------------------------------------------------------------------------

    def received(self) -> dict[str, bytes]:
        """The files in the download folder that others would see."""
        if not self.downloads.exists():
            return {}
        return {
            path.name: path.read_bytes() for path in self.downloads.iterdir() if not path.name.startswith(".")
        }

    def is_clean(self) -> bool:
        """Neither part files nor records lie about."""
        return not self.downloads.exists() or all(
            ".part" not in path.name for path in self.downloads.iterdir()
        )

    def close(self) -> None:
        """Let go of the files."""
        self.source.close()
        self.part.close()


def bad_copy(frame: Frame) -> Frame:
    """The same frame with another first byte."""
    payload = bytes([frame.payload[0] ^ 1]) + frame.payload[1:] if frame.payload else b""
    return Frame(frame.kind, frame.number, frame.offset, payload)
