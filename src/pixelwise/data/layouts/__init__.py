"""Readers of data folders: each file has ``NAME``, ``detect`` and ``read``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts import paired, ph2


@dataclass(frozen=True)
class Layout:
    """A way to lay out images and labels on disk.

    Attributes:
        detect: whether a folder is laid out so.
        read: its samples; raises :class:`~pixelwise.errors.DataError` where it cannot.
    """

    name: str
    detect: Callable[[Path], bool]
    read: Callable[[Path], Dataset]


LAYOUTS = (
    Layout(ph2.NAME, ph2.detect, ph2.read),
    Layout(paired.NAME, paired.detect, paired.read),
)
"""In order of trial: the more particular first."""
