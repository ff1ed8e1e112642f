"""How the process keeps memory that it has freed, and whether it had too little."""

from __future__ import annotations

import ctypes
import platform
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Of glibc's ``mallopt``, see its manual page."""
RAN_OUT = ("not enough memory", "DefaultCPUAllocator", "out of memory")
"""What PyTorch says then; of its errors for want of memory only some have a type of their own."""
LARGEST_BLOCK = 1 << 30
"""Bytes: larger blocks are still given back as soon as they are freed."""
MOST_KEPT = (1 << 31) - 1
"""Bytes that are kept at the end of the heap; the most that ``mallopt`` takes."""


@cache
def keep_freed_memory() -> bool:
    """Keep freed memory for the next tensor instead of giving it back to the system; whether that could be told.

    By default glibc gets every block of more than 32 MB from the system and returns it when it is freed. Networks free
    and ask for the same blocks again in every step, and the system clears each page anew: half of a step's time where
    tensors are large. The peak of memory hardly changes, but the process stays at it. Other systems' allocators are
    left as they are.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK) and mallopt(M_TRIM_THRESHOLD, MOST_KEPT))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of Python, NumPy or PyTorch means that there was too little memory."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in RAN_OUT)
    )
