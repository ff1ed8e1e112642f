"""Samples decoded once and resized into frames of one size, read batch by batch from a cache on disk."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from pixelwise.data.cache import Cache, digest
from pixelwise.data.dataset import Dataset, label_files
from pixelwise.geometry import Frame
from pixelwise.types import LabelBatch, Sample, Size

VERSION = 2
"""Of how frames are made: another number makes cached ones of the past unfindable."""
_IMAGE, _MAP = "image", "map."


class Frames(Protocol):
    """Images and labels of one frame size, by index."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def batch(self, indices: Tensor) -> tuple[Tensor, LabelBatch]:
        """Images (N, C, h, w) of the data's dtype and their labels; ``indices`` (N,) int64."""
        ...


@dataclass(frozen=True)
class CachedFrames:
    """Implements :class:`Frames` for the samples of a data set.

    Memory holds one batch at a time. A frame that is missing from the cache is decoded again.

    Attributes:
        dataset: the samples.
        size: (h, w) of the frames.
        padding: value of each channel beyond the image.
        names: of the frames in the cache, in the samples' order.
    """

    dataset: Dataset
    size: Size
    padding: tuple[float, ...]
    cache: Cache
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def batch(self, indices: Tensor) -> tuple[Tensor, LabelBatch]:
        """Images and labels of these samples."""
        frames = [self._frame(index) for index in indices.tolist()]
        images = torch.stack([frame[_IMAGE] for frame in frames])
        names = [name for name in frames[0] if name != _IMAGE]
        maps = {name.removeprefix(_MAP): torch.stack([frame[name] for frame in frames]) for name in names}
        return images, LabelBatch(maps)

    def _frame(self, index: int) -> Mapping[str, Tensor]:
        found = self.cache.get(self.names[index])
        return (
            _decode(self.dataset, self.dataset.samples[index], self.size, self.padding)
            if found is None
            else found
        )


def read_frames(dataset: Dataset, size: Size, padding: tuple[float, ...], cache: Cache) -> CachedFrames:
    """Decode the samples of a data set that are not in the cache yet, several at a time.

    Raises:
        DataError: the first sample, in order, that cannot be read.
        OutputError: the cache cannot be written.
    """
    settings = {
        "version": VERSION,
        "size": size,
        "padding": padding,
        "coding": dataset.mask_coding.identity(),
    }

    def ensure(sample: Sample) -> str:
        name = digest([sample.image, *label_files(sample)], settings)
        if not cache.touch(name):
            cache.put(name, _decode(dataset, sample, size, padding))
        return name

    with ThreadPoolExecutor() as pool:
        names = tuple(pool.map(ensure, dataset.samples))
    return CachedFrames(dataset, size, padding, cache, names)


def _decode(dataset: Dataset, sample: Sample, size: Size, padding: tuple[float, ...]) -> dict[str, Tensor]:
    image, label = dataset.read(sample)
    frame = Frame.fit(image.shape[:2], size)
    maps: dict[str, Any] = {_MAP + name: ids for name, ids in frame.place_label(label).items()}
    return {_IMAGE: frame.place_image(image, padding), **maps}
