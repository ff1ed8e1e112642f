"""Samples decoded once and resized into frames of one size, read batch by batch from a cache on disk."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.data.cache import Cache, digest
from pixelwise.data.dataset import Dataset, label_files
from pixelwise.data.images import image_size
from pixelwise.recipe import Scale
from pixelwise.tiling import Tiling
from pixelwise.types import CLASSES, LabelBatch, Sample

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
class Entry:
    """A frame in the cache.

    Attributes:
        name: in the cache.
        sample: place of its sample in the data set.
        tile: place of the frame among the tiles of its image; 0 where the image is one frame.
    """

    name: str
    sample: int
    tile: int


@dataclass(frozen=True)
class CachedFrames:
    """Implements :class:`Frames` for the samples of a data set.

    Memory holds one batch at a time. A frame that is missing from the cache is decoded again.

    Attributes:
        dataset: the samples.
        scale: how images become frames.
        padding: value of each channel beyond the image.
        entries: the frames in the samples' order.
    """

    dataset: Dataset
    scale: Scale
    padding: tuple[float, ...]
    cache: Cache
    entries: tuple[Entry, ...]

    def __len__(self) -> int:
        return len(self.entries)

    def batch(self, indices: Tensor) -> tuple[Tensor, LabelBatch]:
        """Images and labels of these frames."""
        frames = [self._frame(self.entries[index]) for index in indices.tolist()]
        images = torch.stack([frame[_IMAGE] for frame in frames])
        names = [name for name in frames[0] if name != _IMAGE]
        maps = {name.removeprefix(_MAP): torch.stack([frame[name] for frame in frames]) for name in names}
        return images, LabelBatch(maps)

    def of(self, names: Collection[str]) -> CachedFrames:
        """The frames of the samples of these names."""
        wanted = {place for place, sample in enumerate(self.dataset.samples) if sample.name in names}
        return replace(self, entries=tuple(entry for entry in self.entries if entry.sample in wanted))

    def showing(self, class_ids: Sequence[int]) -> dict[int, NDArray[np.int64]]:
        """The indices of the frames that show each of these classes; all are read once."""

        def present(entry: Entry) -> set[int]:
            return set(torch.unique(self._frame(entry)[_MAP + CLASSES]).tolist())

        with ThreadPoolExecutor() as pool:
            found = list(pool.map(present, self.entries))
        return {
            class_id: np.array([index for index, ids in enumerate(found) if class_id in ids], np.int64)
            for class_id in class_ids
        }

    def _frame(self, entry: Entry) -> Mapping[str, Tensor]:
        found = self.cache.get(entry.name)
        if found is not None:
            return found
        frames = _decode(self.dataset, self.dataset.samples[entry.sample], self.scale, self.padding)
        return next(islice(frames, entry.tile, None))


def read_frames(dataset: Dataset, scale: Scale, padding: tuple[float, ...], cache: Cache) -> CachedFrames:
    """Decode the samples of a data set that are not in the cache yet, several at a time.

    Raises:
        DataError: the first sample, in order, that cannot be read.
        OutputError: the cache cannot be written.
    """
    settings = {
        "version": VERSION,
        "size": scale.size,
        "padding": padding,
        "coding": dataset.mask_coding.identity(),
        **({"zoom": scale.zoom} if scale.policy == "tiles" else {}),
    }

    def ensure(sample: Sample) -> list[str]:
        name = digest([sample.image, *label_files(sample)], settings)
        names = [name]
        if scale.policy == "tiles":
            count = len(Tiling.of(image_size(sample.image), scale).places)
            names = [f"{name}-{tile}" for tile in range(count)]
        touched = [cache.touch(one) for one in names]
        if not all(touched):
            for one, frame in zip(names, _decode(dataset, sample, scale, padding), strict=True):
                cache.put(one, frame)
        return names

    with ThreadPoolExecutor() as pool:
        names = list(pool.map(ensure, dataset.samples))
    entries = (Entry(name, sample, tile) for sample, of in enumerate(names) for tile, name in enumerate(of))
    return CachedFrames(dataset, scale, padding, cache, tuple(entries))


def _decode(
    dataset: Dataset, sample: Sample, scale: Scale, padding: tuple[float, ...]
) -> Iterator[dict[str, Tensor]]:
    """The frames of a sample, one after another."""
    image, label = dataset.read(sample)
    tiling = Tiling.of(image.shape[:2], scale)
    whole = {
        _IMAGE: tiling.canvas.place_image(image, padding),
        **{_MAP + name: ids for name, ids in tiling.canvas.place_label(label).items()},
    }
    for tiles in zip(*(tiling.cut(values) for values in whole.values()), strict=True):
        yield {name: tile.contiguous() for name, tile in zip(whole, tiles, strict=True)}
