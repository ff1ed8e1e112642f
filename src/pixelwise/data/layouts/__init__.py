"""Readers of data folders: each file has ``NAME``, ``detect`` and ``read``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts import (
    camvid,
    coco,
    cocokeypoints,
    cocopanoptic,
    instances,
    labelme,
    mads,
    objectmasks,
    paired,
    pennfudan,
    ph2,
    table,
    yolo,
)
from pixelwise.data.legend import Hints
from pixelwise.data.problems import Problems


@dataclass(frozen=True)
class Layout:
    """A way to lay out images and labels on disk.

    Attributes:
        detect: whether a folder, or a file, is laid out so.
        read: its samples, their masks understood by the person's hints; what it meets that is
            wrong is handed to the problems.
    """

    name: str
    detect: Callable[[Path], bool]
    read: Callable[[Path, Hints, Problems], Dataset]


LAYOUTS = (
    Layout(ph2.NAME, ph2.detect, ph2.read),
    Layout(mads.NAME, mads.detect, mads.read),
    Layout(camvid.NAME, camvid.detect, camvid.read),
    Layout(pennfudan.NAME, pennfudan.detect, pennfudan.read),
    Layout(objectmasks.NAME, objectmasks.detect, objectmasks.read),
    Layout(instances.NAME, instances.detect, instances.read),
    Layout(coco.NAME, coco.detect, coco.read),
    Layout(cocopanoptic.NAME, cocopanoptic.detect, cocopanoptic.read),
    Layout(cocokeypoints.NAME, cocokeypoints.detect, cocokeypoints.read),
    Layout(yolo.NAME, yolo.detect, yolo.read),
    Layout(labelme.NAME, labelme.detect, labelme.read),
    Layout(table.NAME, table.detect, table.read),
    Layout(paired.NAME, paired.detect, paired.read),
)
"""In order of trial: the more particular first."""
