"""Samples decoded once, resized into frames and kept in memory for training."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from pixelwise.data.dataset import read_pair
from pixelwise.geometry import Frame
from pixelwise.labels import Labels
from pixelwise.types import IGNORE_INDEX, Sample, Size


@dataclass(frozen=True)
class Frames:
    """Images and labels of one frame size.

    Attributes:
        names: of the samples, in order.
        images: (N, 3, h, w) uint8.
        ids: (N, h, w) uint8 class ids; ``IGNORE_INDEX`` in the padding.
    """

    names: tuple[str, ...]
    images: Tensor
    ids: Tensor

    def __len__(self) -> int:
        return len(self.names)


def read_frames(samples: tuple[Sample, ...], labels: Labels, size: Size, padding: tuple[int, ...]) -> Frames:
    """Decode samples into frames of ``size``, several at a time.

    Raises:
        DataError: the first sample, in order, that cannot be read.
    """

    def read(sample: Sample) -> tuple[Tensor, Tensor]:
        image, mask = read_pair(sample, labels)
        frame = Frame.fit(image.shape[:2], size)
        return frame.place_image(image, padding), frame.place_ids(mask, IGNORE_INDEX)

    images = torch.empty((len(samples), 3, *size), dtype=torch.uint8)
    ids = torch.empty((len(samples), *size), dtype=torch.uint8)
    with ThreadPoolExecutor() as pool:
        for index, (image, mask) in enumerate(pool.map(read, samples)):
            images[index], ids[index] = image, mask
    return Frames(tuple(sample.name for sample in samples), images, ids)
