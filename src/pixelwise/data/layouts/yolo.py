"""YOLO's segmentation sets: ``data.yaml`` with names, ``images/train/a.jpg`` with ``labels/train/a.txt``.

The YAML file says which images are of which split, or the folders that they lie in do.

A line of a text file is an object: the number of its class, then x and y of the corners of one outline in shares of the
image's width and height, 0–1 (Ultralytics' format). An image without a text file holds no object. What is inside an
outline is told by the even–odd rule, so cut lines that lead to holes and parts and back leave nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts.nesting import pictures_in
from pixelwise.data.layouts.yolofiles import (
    IMAGES,
    LABELS,
    Splits,
    class_names,
    listings,
    place_of,
    texts_of,
)
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.naming import spelt
from pixelwise.data.objectsource import identity_of, things_called
from pixelwise.data.problems import STRICT, Problems
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask
from pixelwise.types import Sample, Size

NAME = "yolo"


@dataclass(frozen=True)
class YoloObjects:
    """Objects in a text file for each image."""

    labels: Labels
    crowds: bool = False

    def objects(self, sample: Sample, size: Size) -> list[ObjectMask]:
        """As :class:`~pixelwise.data.objectsource.ObjectSource`, in the order of lines."""
        path = sample.labels["objects"]
        return [
            self.object_of(line.split(), size, f"{path}, line {number}")
            for number, line in self.lines(sample)
        ]

    def lines(self, sample: Sample) -> list[tuple[int, str]]:
        """The lines that hold something, with their numbers from 1; :class:`DataError` for what is no text."""
        path = sample.labels["objects"]
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines() if path.suffix.lower() == ".txt" else []
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path} cannot be read as UTF-8 text; replace the file.") from error
        return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]

    def object_of(self, words: list[str], size: Size, where: str) -> ObjectMask:
        """The object of the words of a line; :class:`DataError` for one that cannot be used."""
        if len(words) == 5:
            raise DataError(f"{where} is a box and no outline; give a set for segmentation.")
        try:
            class_id, numbers = whole(words[0]) + 1, np.array(words[1:], np.float64)
        except ValueError as error:
            raise DataError(
                f"{where} should hold numbers alone: a whole one for the class, then x and y of corners."
            ) from error
        if len(numbers) < 6 or len(numbers) % 2 or not (np.abs(numbers) <= 2).all():
            raise DataError(f"{where} should be a class, then x and y of 3 or more corners in shares of 0–1.")
        if class_id not in self.labels.things:
            raise DataError(f"{where} is of class {words[0]}, which data.yaml does not name; add it there.")
        ring = numbers.reshape(-1, 2) * (size[1], size[0])
        return ObjectMask.from_rings([ring], size, class_id)

    def files(self, sample: Sample) -> list[Path]:
        """The text file, or ``data.yaml`` where there is none."""
        return [sample.labels["objects"]]

    def identity(self, sample: Sample) -> str:
        """Of the format."""
        return identity_of("yolo")


def whole(word: str) -> int:
    """The whole number that a word is, which programs write as 0.0 too; ValueError for another."""
    number = float(word)
    if not number.is_integer():
        raise ValueError(f"{word} is no whole number")
    return int(number)


def detect(root: Path) -> bool:
    """Whether ``root`` holds ``data.yaml`` that gives names, and text files in a folder ``labels``."""
    return bool(listings(root)) and next(root.glob(f"**/{LABELS}/**/*.txt"), None) is not None


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Pair by path; an image without a text holds no object.

    Raises:
        DataError: no names or splits that can be understood, a text without an image, or a list that names an image
            which is not there.
    """
    found = listings(root)
    if not found:
        raise DataError(f"{root} holds no data.yaml that names classes; write one: names: [cat, dog].")
    if len(found) > 1:
        raise DataError(f"{found[0]} and {found[1].name} both name classes; call the right one data.yaml.")
    listing = found[0]
    labels = things_called(class_names(listing))
    images = {
        spelt(image.relative_to(root).as_posix()): image
        for image in pictures_in(root)
        if IMAGES in image.relative_to(root).parts[:-1]
    }
    splits, texts, samples = Splits(listing, images, problems), texts_of(root, images, problems), []
    for key, image in images.items():
        parts = PurePosixPath(key).with_suffix("").parts
        place = place_of(parts)
        rest = parts[:place] + parts[place + 1 :]
        split = splits.of(key, rest[:-1])
        samples.append(Sample("/".join(rest), image, {"objects": texts.get(key, listing)}, {}, split))
    ordered = tuple(sorted(samples, key=lambda sample: sample.name))
    return Dataset(root, NAME, ordered, labels, source=YoloObjects(labels))
