"""Ctrl-C while Python is still loading libraries.

Libraries in C that are interrupted while they load abort the process or swallow the interrupt. Nothing has been
written by then, so the process ends at once; from the first work on, Ctrl-C is an exception as usual.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pixelwise.cli.status import INTERRUPTED

MESSAGE = "Stopped; nothing more is written."


@contextmanager
def leaving_at_once() -> Iterator[None]:
    """End the process at the first Ctrl-C, until :func:`work_begins`."""
    if threading.current_thread() is not threading.main_thread():  # only that one may set handlers
        yield
        return
    before = signal.signal(signal.SIGINT, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def work_begins() -> None:
    """Let Ctrl-C be a KeyboardInterrupt, so that what was begun is tidied up."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os.write(2, f"{MESSAGE}\n".encode())
    os._exit(INTERRUPTED)
