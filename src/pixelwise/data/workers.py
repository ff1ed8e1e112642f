"""Many small tensors worked on by several threads, one processor core each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Part = TypeVar("Part")
Result = TypeVar("Result")


def worked(work: Callable[[Part], Result], parts: Iterable[Part]) -> list[Result]:
    """The results of ``work`` in the order of ``parts``.

    PyTorch would share each small product among all cores, and take longer than on one. Its number of threads is one
    meanwhile, for the whole process.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(work, parts))
    finally:
        torch.set_num_threads(threads)
