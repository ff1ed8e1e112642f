"""YOLO's segmentation sets: ``data.yaml`` with names, ``images/train/a.jpg`` with ``labels/train/a.txt``.

A line of a text file is an object: the number of its class, then x and y of the corners of one outline in shares of the
image's width and height, 0–1 (Ultralytics' format). An image without a text file holds no object. What is inside an
outline is told by the even–odd rule, so cut lines that lead to holes and parts and back leave nothing behind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts.nesting import pictures_in
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.naming import spelt
from pixelwise.data.objectsource import identity_of, things_called
from pixelwise.data.problems import STRICT, Problems
from pixelwise.data.splits import split_called
from pixelwise.data.yamltext import names_after
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask
from pixelwise.types import Sample, Size

NAME = "yolo"
FILES = ("data.yaml", "data.yml", "dataset.yaml")
IMAGES, LABELS = "images", "labels"


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
            lines = path.read_text(encoding="utf-8-sig").splitlines() if path.suffix == ".txt" else []
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path} cannot be read as UTF-8 text; replace the file.") from error
        return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]

    def object_of(self, words: list[str], size: Size, where: str) -> ObjectMask:
        """The object of the words of a line; :class:`DataError` for one that cannot be used."""
        if len(words) == 5:
            raise DataError(f"{where} is a box and no outline; give a set for segmentation.")
        try:
            class_id, numbers = int(words[0]) + 1, np.array(words[1:], np.float64)
        except ValueError as error:
            raise DataError(
                f"{where} should hold numbers alone: a class, then x and y of corners."
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


def detect(root: Path) -> bool:
    """Whether ``root`` holds ``data.yaml`` that gives names, and text files in a folder ``labels``."""
    listed = _listing(root)
    return listed is not None and next(root.glob(f"**/{LABELS}/**/*.txt"), None) is not None


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Pair by path; the split is the folder that is called so.

    Raises:
        DataError: no names that can be understood.
    """
    listed = _listing(root)
    if listed is None:
        raise DataError(f"{root} holds no data.yaml that names classes; write one: names: [cat, dog].")
    labels = things_called(_names(listed))
    samples = []
    for image in pictures_in(root):
        parts = image.relative_to(root).parts
        if IMAGES not in parts[:-1]:
            continue
        place = len(parts) - 2 - parts[:-1][::-1].index(IMAGES)
        text = root.joinpath(*parts[:place], LABELS, *parts[place + 1 :]).with_suffix(".txt")
        rest = [*parts[:place], *parts[place + 1 : -1], image.stem]
        split = next((one for word in rest[:-1] if (one := split_called(word))), None)
        label = text if text.is_file() else listed
        samples.append(Sample(spelt("/".join(rest)), image, {"objects": label}, {}, split))
    ordered = tuple(sorted(samples, key=lambda sample: sample.name))
    return Dataset(root, NAME, ordered, labels, source=YoloObjects(labels))


def _listing(root: Path) -> Path | None:
    found = (root / name for name in FILES if (root / name).is_file())
    return next((path for path in found if re.search(r"^names\s*:", _text(path), re.MULTILINE)), None)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _names(path: Path) -> list[str]:
    """The names, in YAML's usual ways: ``[a, b]``, a line ``- a`` each, or a line ``0: a`` each."""
    lines = _text(path).splitlines()
    first = next(number for number, line in enumerate(lines) if re.match(r"names\s*:", line))
    names = names_after(lines[first:])
    if not names or not all(names) or len({*names, "background"}) <= len(names):
        raise DataError(f"{path} should name the classes 0, 1, 2, …, all different: names: [cat, dog].")
    return names
