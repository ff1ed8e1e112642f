"""Freed memory is kept, and want of memory known."""

from __future__ import annotations

import platform
import subprocess
import sys

import numpy as np
import pytest
import torch

from pixelwise.memory import is_out_of_memory

FAULTS = """
import resource
import sys

import numpy as np

from pixelwise.memory import keep_freed_memory

if sys.argv[1] == "kept":
    assert keep_freed_memory()
for turn in range(11):
    if turn == 1:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(64 << 20, np.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(how: str) -> int:
    """Pages that the system had to supply for ten arrays of 64 MB, one after another."""
    done = subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators are left as they are")
def test_an_array_after_another_takes_the_same_pages() -> None:
    assert page_faults("kept") < 100 < page_faults("as usual")


def test_want_of_memory_is_told_from_other_errors() -> None:
    enormous = 1 << 60
    with pytest.raises(RuntimeError) as of_torch:
        torch.empty(enormous, dtype=torch.uint8)
    with pytest.raises(MemoryError) as of_numpy:
        np.ones(enormous, np.uint8)
    with pytest.raises(RuntimeError) as other:
        torch.ones(2) @ torch.ones(3)
    found = [is_out_of_memory(one.value) for one in (of_torch, of_numpy, other)]
    assert found == [True, True, False]
