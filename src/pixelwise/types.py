"""Words shared by all rooms: sizes, fields, windows, samples.

``size`` is always (height, width) in pixels. Pixel (x, y) covers [x, x+1) × [y, y+1); its centre is at +0.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Size = tuple[int, int]
Spacing = tuple[float, float]
"""Millimetres from one pixel to the next: down and across."""
Image = NDArray[np.uint8]
"""(H, W, 3) sRGB, 0-255, for showing."""
Pixels = NDArray[np.uint8 | np.uint16 | np.int16 | np.float32]
"""(H, W, C) values as the file means them: uint8, uint16, int16 or finite float32, C from 1 to ``MAX_CHANNELS``."""
PixelType = Literal["uint8", "uint16", "int16", "float32"]
PIXEL_TYPES: tuple[PixelType, ...] = get_args(PixelType)
MAX_CHANNELS = 64
LabelMap = NDArray[np.uint8]
"""(H, W) class ids; ``IGNORE_INDEX`` where nobody labelled."""
InstanceMap = NDArray[np.int32]
"""(H, W) ids of objects, from 1 in each image; 0 where there is none."""
IdMap = NDArray[np.uint8 | np.int32]
"""Any map of a label."""
Probs = NDArray[np.float32]

IGNORE_INDEX = 255

CLASSES = "classes"
"""Name of the map of class ids in a label, and of the field that predicts it."""
INSTANCES = "instances"
"""Name of the map of ids of objects (:data:`InstanceMap`) in the labels of sets that tell objects apart."""
CROWD = "crowd"
"""Name of the map that is 1 on regions of objects that nobody told apart, uint8; there where a set can hold them."""
JOINTS = "joints"
"""Name of the map that is ``IGNORE_INDEX`` where people may be whose joints nobody marked, else 0."""
OUTSIDE: Mapping[str, int] = MappingProxyType({CLASSES: IGNORE_INDEX, INSTANCES: 0, CROWD: 0, JOINTS: 0})
"""What each map of a label holds beyond the image."""

Activation = Literal["softmax", "sigmoid", "none"]
SplitName = Literal["train", "val", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "val", "test")

Settings = Mapping[str, float]
"""Decision settings of one task, tuned on validation and stored in the model (a threshold, say)."""


@dataclass(frozen=True)
class Field:
    """What a network predicts at every pixel, and how geometry acts on it.

    Attributes:
        name: unique within its task.
        channels: number of channels.
        activation: what turns logits into the field's values.
        vectors: (x, y) channel pairs that are vectors: a horizontal flip negates x, a vertical one y.
        in_pixels: vectors are in pixels, so resizing scales them; every channel is part of one.
        hflip: channel order after a mirror (left and right joints swap in pairs); None keeps the order.
        negated: channels that change sign after a mirror as well: of a limb from left to right, which then leads from
            right to left.
        points: it is read for points, whose coordinates are scaled instead of the field: it stays at the size that the
            network gives it.
        turn: degrees by which prediction turns the image as well, either way, and averages what it sees; of fields that
            are read for points.
    """

    name: str
    channels: int
    activation: Activation
    vectors: tuple[tuple[int, int], ...] = ()
    in_pixels: bool = False
    hflip: tuple[int, ...] | None = None
    negated: tuple[int, ...] = ()
    points: bool = False
    turn: float = 0.0

    def __post_init__(self) -> None:
        if self.turn and not self.points:
            raise ValueError(f"field {self.name}: only what is read for points is seen in turned views")
        if self.channels < 1:
            raise ValueError(f"field {self.name}: channels must be at least 1, got {self.channels}")
        if self.hflip is not None and sorted(self.hflip) != list(range(self.channels)):
            raise ValueError(f"field {self.name}: hflip {self.hflip} is no order of {self.channels} channels")
        if self.hflip is not None and any(self.hflip[other] != i for i, other in enumerate(self.hflip)):
            raise ValueError(
                f"field {self.name}: hflip {self.hflip} applied twice does not give back the order"
            )
        if any(not 0 <= channel < self.channels for pair in self.vectors for channel in pair):
            raise ValueError(f"field {self.name}: vectors {self.vectors} name channels it does not have")
        parts = [channel for pair in self.vectors for channel in pair]
        if len(set(parts)) != len(parts):
            raise ValueError(f"field {self.name}: vectors {self.vectors} name a channel twice")
        if self.hflip and {(self.hflip[x], self.hflip[y]) for x, y in self.vectors} != set(self.vectors):
            raise ValueError(f"field {self.name}: hflip {self.hflip} does not take vectors to vectors")
        if any(not 0 <= channel < self.channels for channel in self.negated):
            raise ValueError(f"field {self.name}: negated {self.negated} names channels it does not have")
        if self.hflip and {self.hflip[channel] for channel in self.negated} != set(self.negated):
            raise ValueError(f"field {self.name}: of channels that change places both or none are negated")
        if self.in_pixels and len(parts) != self.channels:
            raise ValueError(f"field {self.name}: in_pixels scales vectors, so each channel must be in one")


@dataclass(frozen=True)
class PixelFormat:
    """What :data:`Pixels` hold; ``str`` of it is for people ("1 channel of 16 bits").

    Attributes:
        channels: number of channels.
        dtype: name of the values' NumPy type.
    """

    channels: int
    dtype: PixelType

    @classmethod
    def of(cls, pixels: Pixels) -> PixelFormat:
        """The format of an array (H, W, C); ValueError if it is of another dtype than pixels have."""
        for name in PIXEL_TYPES:
            if pixels.dtype == np.dtype(name):
                return cls(pixels.shape[2], name)
        raise ValueError(f"pixels are {', '.join(PIXEL_TYPES)}, got {pixels.dtype}")

    def __str__(self) -> str:
        words = {
            "uint8": "8 bits",
            "uint16": "16 bits",
            "int16": "16 bits with sign",
            "float32": "32-bit fractions",
        }
        unsigned = self.dtype in {"uint8", "uint16"}
        several = "RGB" if self.channels == 3 and unsigned else f"{self.channels} channels"
        return f"{'1 channel' if self.channels == 1 else several} of {words[self.dtype]}"


RGB8 = PixelFormat(3, "uint8")
"""What pictures of up to 8 bits a channel are read as, whatever their mode."""


@dataclass(frozen=True)
class Window:
    """A rectangle of an image: edges x0, y0, x1, y1 in pixels, x1 and y1 exclusive."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def size(self) -> Size:
        """(height, width)."""
        return self.y1 - self.y0, self.x1 - self.x0


@dataclass(frozen=True)
class People:
    """The people that somebody marked in one image, M of K joints; x and y are edges, a pixel's centre is at +0.5.

    Attributes:
        keypoints: (M, K, 2) float32 x and y of every joint, in pixels.
        visibility: (M, K) uint8: 0 not labelled, 1 hidden, 2 visible.
        boxes: (M, 4) float32 x0, y0, x1, y1 in pixels.
        areas: (M,) float32 square pixels that each person covers; of the box where no outline was drawn.
        is_crowd: (M,) bool: several people in one mark, whose joints nobody told apart.
        partners: (K,) int64: of each joint its place after a mirror.
    """

    keypoints: NDArray[np.float32]
    visibility: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    areas: NDArray[np.float32]
    is_crowd: NDArray[np.bool_]
    partners: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.keypoints)

    @property
    def is_marked(self) -> NDArray[np.bool_]:
        """(M,) bool: people of whom some joint is labelled."""
        return np.asarray((self.visibility > 0).any(axis=1), np.bool_)

    @classmethod
    def nobody(cls, partners: NDArray[np.int64]) -> People:
        """Of an image without people."""
        joints = len(partners)
        return cls(
            np.zeros((0, joints, 2), np.float32),
            np.zeros((0, joints), np.uint8),
            np.zeros((0, 4), np.float32),
            np.zeros(0, np.float32),
            np.zeros(0, np.bool_),
            partners,
        )

    def reordered(self, order: NDArray[np.int64], partners: NDArray[np.int64]) -> People:
        """The same people with their joints in another order.

        Args:
            order: (K,) of each joint of the result its place now.
            partners: (K,) of the result.
        """
        return replace(
            self, keypoints=self.keypoints[:, order], visibility=self.visibility[:, order], partners=partners
        )

    def moved(self, linear: NDArray[np.float64], shift: NDArray[np.float64]) -> People:
        """All of them under the map x → linear @ x + shift, in (x, y); a mirror exchanges left and right.

        Args:
            linear: (2, 2), invertible.
            shift: (2,).
        """
        points = self.keypoints.astype(np.float64) @ linear.T + shift
        x, y = self.boxes[:, [0, 2, 2, 0]], self.boxes[:, [1, 1, 3, 3]]
        corners = np.stack([x, y], axis=-1).astype(np.float64) @ linear.T + shift
        boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
        determinant = float(np.linalg.det(linear))
        order = self.partners if determinant < 0 else slice(None)
        return replace(
            self,
            keypoints=points[:, order].astype(np.float32),
            visibility=self.visibility[:, order],
            boxes=boxes.astype(np.float32),
            areas=(self.areas * abs(determinant)).astype(np.float32),
        )


@dataclass(frozen=True)
class Label:
    """What people marked in one image.

    Attributes:
        maps: whole numbers at each pixel by name, (H, W) each; ``CLASSES`` are class ids, uint8, ``INSTANCES`` ids of
            objects, int32, and ``CROWD`` 0 or 1, uint8.
        people: those whose joints were marked, or that were left out of it; None where nobody looked for joints.
    """

    maps: Mapping[str, IdMap]
    people: People | None = None

    @property
    def class_map(self) -> LabelMap:
        """(H, W) class ids; ``IGNORE_INDEX`` where nobody labelled."""
        return self.maps[CLASSES].astype(np.uint8, copy=False)

    @property
    def instance_map(self) -> InstanceMap:
        """(H, W) ids of objects; KeyError where the set tells none apart."""
        return self.maps[INSTANCES].astype(np.int32, copy=False)

    @property
    def size(self) -> Size:
        """(height, width) of all maps."""
        height, width = next(iter(self.maps.values())).shape
        return height, width


@dataclass(frozen=True)
class LabelBatch:
    """Labels of several images of one size.

    Attributes:
        maps: by name as in :class:`Label`, tensors (N, h, w) of the maps' dtypes.
        people: of each image; None where nobody looked for joints.
    """

    maps: Mapping[str, Tensor]
    people: tuple[People, ...] | None = None

    @property
    def class_maps(self) -> Tensor:
        """(N, h, w) uint8 class ids."""
        return self.maps[CLASSES]

    def __getitem__(self, index: int) -> Label:
        """The label of one image."""
        maps = {name: values[index].cpu().numpy() for name, values in self.maps.items()}
        return Label(maps, None if self.people is None else self.people[index])


@dataclass(frozen=True)
class CocoIds:
    """What a COCO file calls an image and its people.

    Attributes:
        image: id of the image.
        category: id of the category that has joints.
    """

    image: int | str
    category: int


@dataclass(frozen=True)
class Sample:
    """One image of a data set with its labels, not yet read.

    Attributes:
        name: unique in the data set; what ``splits.csv`` and ``metrics.json`` call the image.
        image: the image file.
        labels: label file by kind: "mask" of class ids, or, where objects are told apart, "instances" with perhaps
            "classes" and "crowd", or "objects", a file or folder that lists them; empty for an image without labels.
        tags: facts about the image that scores are grouped by ("diagnosis": "melanoma").
        split: train, val, test or None where not assigned.
        spacing: mm of its pixels where a list says so; what its file says is not read yet.
        people: whose joints were marked in the whole image; None where the sample has no such label.
        window: the part of the image that the sample is; None for all of it.
        coco: ids in the file that names the image, where that is COCO's of joints.
    """

    name: str
    image: Path
    labels: Mapping[str, Path]
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    split: SplitName | None = None
    spacing: Spacing | None = None
    people: People | None = field(default=None, compare=False)  # arrays: they have no single equality
    window: Window | None = None
    coco: CocoIds | None = None


@dataclass(frozen=True)
class LogRow:
    """A line of ``log.csv``.

    Attributes:
        epoch: passes over the training images so far.
        step: batches so far.
        seconds: since training began.
        loss: mean training loss since the row before.
        learning_rate: of the decoder, at this step.
        val_score: headline score of the averaged weights on validation images; None where there are none.
    """

    epoch: int
    step: int
    seconds: float
    loss: float
    learning_rate: float
    val_score: float | None


Json = dict[str, Any]
