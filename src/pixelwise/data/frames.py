"""Samples decoded once and resized into frames of one size, read batch by batch from a cache on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, fields, replace
from itertools import islice
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.data.cache import Cache, digest
from pixelwise.data.dataset import Dataset, sample_size
from pixelwise.data.values import padding, stretched
from pixelwise.recipe import Scale, Values
from pixelwise.tiling import Tiling
from pixelwise.types import CLASSES, LabelBatch, People, Sample

VERSION = 2
"""Of how frames are made: another number makes cached ones of the past unfindable."""
_IMAGE, _MAP, _PEOPLE = "image", "map.", "people."


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
        values: what the images hold.
        entries: the frames in the samples' order.
    """

    dataset: Dataset
    scale: Scale
    values: Values
    cache: Cache
    entries: tuple[Entry, ...]

    def __len__(self) -> int:
        return len(self.entries)

    def batch(self, indices: Tensor) -> tuple[Tensor, LabelBatch]:
        """Images and labels of these frames."""
        frames = [self._frame(self.entries[index]) for index in indices.tolist()]
        images = torch.stack([frame[_IMAGE] for frame in frames])
        names = [name for name in frames[0] if name.startswith(_MAP)]
        maps = {name.removeprefix(_MAP): torch.stack([frame[name] for frame in frames]) for name in names}
        if not any(name.startswith(_PEOPLE) for name in frames[0]):
            return images, LabelBatch(maps)
        return images, LabelBatch(maps, tuple(_people_in(frame) for frame in frames))

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
        frames = _decode(self.dataset, self.dataset.samples[entry.sample], self.scale, self.values)
        return next(islice(frames, entry.tile, None))


def read_frames(dataset: Dataset, scale: Scale, values: Values, cache: Cache) -> CachedFrames:
    """Decode the samples of a data set that are not in the cache yet, several at a time.

    Raises:
        DataError: the first sample, in order, that cannot be read.
        OutputError: the cache cannot be written.
    """
    settings = {
        "version": VERSION,
        "size": scale.size,
        "padding": padding(values),
        **({"stretch": (values.stretch, values.minimum, values.maximum)} if values.stretch else {}),
        **({"zoom": scale.zoom} if scale.policy == "tiles" else {}),
        # Beside joints, an image without any has a map that says so.
        **({"joints": True} if dataset.skeleton is not None else {}),
    }

    def ensure(sample: Sample) -> list[str]:
        files = [sample.image, *dataset.label_files(sample)]
        name = digest(files, {**settings, "coding": dataset.label_identity(sample), **_marked(sample)})
        names = [name]
        if scale.policy == "tiles":
            count = len(Tiling.of(sample_size(sample), scale).places)
            names = [f"{name}-{tile}" for tile in range(count)]
        touched = [cache.touch(one) for one in names]
        if not all(touched):
            for one, frame in zip(names, _decode(dataset, sample, scale, values), strict=True):
                cache.put(one, frame)
        return names

    with ThreadPoolExecutor() as pool:
        names = list(pool.map(ensure, dataset.samples))
    entries = (Entry(name, sample, tile) for sample, of in enumerate(names) for tile, name in enumerate(of))
    return CachedFrames(dataset, scale, values, cache, tuple(entries))


def _decode(dataset: Dataset, sample: Sample, scale: Scale, values: Values) -> Iterator[dict[str, Tensor]]:
    """The frames of a sample, one after another."""
    image, label = dataset.read(sample)
    tiling = Tiling.of(image.shape[:2], scale)
    whole = {
        _IMAGE: tiling.canvas.place_image(stretched(image, values), padding(values)),
        **{_MAP + name: ids for name, ids in tiling.canvas.place_label(label).items()},
    }
    people = None if label.people is None else tiling.canvas.place_people(label.people)
    cut = zip(*(tiling.cut(one) for one in whole.values()), strict=True)
    for (top, left), tiles in zip(tiling.places, cut, strict=True):
        frame = {name: tile.contiguous() for name, tile in zip(whole, tiles, strict=True)}
        if people is not None:
            frame |= _packed(people.moved(np.eye(2), -np.array([left, top], np.float64)))
        yield frame


def _packed(people: People) -> dict[str, Tensor]:
    return {
        _PEOPLE + part.name: torch.from_numpy(np.array(getattr(people, part.name))) for part in fields(People)
    }


def _people_in(frame: Mapping[str, Tensor]) -> People:
    return People(**{part.name: frame[_PEOPLE + part.name].numpy() for part in fields(People)})


def _marked(sample: Sample) -> dict[str, object]:
    """What a frame follows from that is in no file of its own."""
    found: dict[str, object] = {}
    if sample.window is not None:
        found["window"] = astuple(sample.window)
    if sample.people is not None:
        hashed = hashlib.blake2b(digest_size=20)
        for part in fields(People):
            hashed.update(np.ascontiguousarray(getattr(sample.people, part.name)).data)
        found["people"] = hashed.hexdigest()
    return found
