"""Which PulseAudio devices exist, for the helper process: what QtMultimedia 6.11 does not tell.

Qt notices devices that come and a default that changes, but keeps a device that was removed in its lists; and when the
sound server restarts, Qt does not find its way back. This asks libpulse itself, which QtMultimedia has loaded anyway.
Where there is no libpulse or no server (PipeWire alone, other systems) it knows nothing and hides nothing.
"""

from __future__ import annotations

import ctypes
import threading
import time
from ctypes import POINTER, byref, c_char_p, c_int, c_uint32, c_void_p
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

RETRY_S = 1.0

# pulse/def.h
_CONTEXT_READY, _CONTEXT_FAILED, _CONTEXT_TERMINATED = 4, 5, 6
_NO_AUTOSPAWN = 1
_MASK_SINK, _MASK_SOURCE = 1, 2
_EVENT_OPERATION, _EVENT_CHANGE = 0x30, 0x10

_StateCallback = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)
_EventCallback = ctypes.CFUNCTYPE(None, c_void_p, c_int, c_uint32, c_void_p)
# pa_sink_info and pa_source_info both begin with the device's name, which is all that is read of them.
_InfoCallback = ctypes.CFUNCTYPE(None, c_void_p, POINTER(c_char_p), c_int, c_void_p)


class PulseWatch:
    """Follows the names of all sinks and sources on a daemon thread of its own.

    `on_names` gets the names at the start and after each change, `on_lost` is called when the server goes away,
    `on_found` when a server appears that was not there at the start; all on that thread.
    """

    def __init__(
        self,
        on_names: Callable[[frozenset[str]], None],
        on_lost: Callable[[], None],
        on_found: Callable[[], None],
    ) -> None:
        self._on_names = on_names
        self._on_lost = on_lost
        self._on_found = on_found
        self._library = _load()
        self._mainloop = c_void_p()
        self._attempts = 0
        self._was_ready = False
        self._names: set[str] = set()
        self._asking = self._ask_again = False
        # ctypes does not keep callbacks alive by itself.
        self._state_callback = _StateCallback(self._state_changed)
        self._event_callback = _EventCallback(self._happened)
        self._sink_callback = _InfoCallback(self._sink)
        self._source_callback = _InfoCallback(self._source)

    def start(self) -> None:
        """Begin, where there is a libpulse."""
        if self._library is not None:
            work = threading.Thread(target=self._run, args=(self._library,), name="pulse-watch", daemon=True)
            work.start()

    def _run(self, pulse: ctypes.CDLL) -> None:
        while not self._was_ready:
            self._attempts += 1
            self._mainloop = c_void_p(pulse.pa_mainloop_new())
            api = c_void_p(pulse.pa_mainloop_get_api(self._mainloop))
            context = c_void_p(pulse.pa_context_new(api, b"Bridgecall devices"))
            pulse.pa_context_set_state_callback(context, self._state_callback, None)
            if pulse.pa_context_connect(context, None, _NO_AUTOSPAWN, None) >= 0:
                pulse.pa_mainloop_run(self._mainloop, byref(c_int()))
            pulse.pa_context_disconnect(context)
            pulse.pa_context_unref(context)
            pulse.pa_mainloop_free(self._mainloop)
            if not self._was_ready:
                time.sleep(RETRY_S)
        self._on_lost()

    def _state_changed(self, context: int, _user: int) -> None:
        pulse = self._pulse
        state = pulse.pa_context_get_state(c_void_p(context))
        if state == _CONTEXT_READY:
            self._was_ready = True
            if self._attempts > 1:
                self._on_found()
            pulse.pa_context_set_subscribe_callback(c_void_p(context), self._event_callback, None)
            self._forget(pulse.pa_context_subscribe(c_void_p(context), _MASK_SINK | _MASK_SOURCE, None, None))
            self._ask(context)
        elif state in (_CONTEXT_FAILED, _CONTEXT_TERMINATED):
            pulse.pa_mainloop_quit(self._mainloop, 0)

    def _happened(self, context: int, event: int, _index: int, _user: int) -> None:
        if event & _EVENT_OPERATION != _EVENT_CHANGE:  # a volume that changes is none of ours
            self._ask(context)

    def _ask(self, context: int) -> None:
        """Ask for all sinks, then all sources, one round at a time."""
        if self._asking:
            self._ask_again = True
            return
        self._asking = True
        self._names = set()
        pulse = self._pulse
        self._forget(pulse.pa_context_get_sink_info_list(c_void_p(context), self._sink_callback, None))

    def _sink(self, context: int, info: Any, end: int, _user: int) -> None:
        if end == 0:
            self._names.add(info[0].decode(errors="replace"))
            return
        pulse = self._pulse
        self._forget(pulse.pa_context_get_source_info_list(c_void_p(context), self._source_callback, None))

    def _source(self, context: int, info: Any, end: int, _user: int) -> None:
        if end == 0:
            self._names.add(info[0].decode(errors="replace"))
            return
        self._asking = False
        self._on_names(frozenset(self._names))
        if self._ask_again:
            self._ask_again = False
            self._ask(context)

    @property
    def _pulse(self) -> ctypes.CDLL:
        assert self._library is not None
        return self._library

    def _forget(self, operation: int | None) -> None:
        """Let go of an operation: its callback comes all the same."""
        if operation:
            self._pulse.pa_operation_unref(c_void_p(operation))


def _load() -> ctypes.CDLL | None:
    try:
        pulse = ctypes.CDLL("libpulse.so.0")
    except OSError:
        return None
    for name in (
        *("pa_mainloop_new", "pa_mainloop_get_api", "pa_context_new", "pa_context_subscribe"),
        *("pa_context_get_sink_info_list", "pa_context_get_source_info_list"),
    ):
        getattr(pulse, name).restype = c_void_p
    return pulse
