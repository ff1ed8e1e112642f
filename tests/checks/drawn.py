"""Drawn data sets with something wrong, and what a check says of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from pixelwise.checks import Finding
from pixelwise.data.synthetic import draw_lesion
from pixelwise.workflows.check import Checked, check
from pixelwise.workflows.data import open_data

Mask = NDArray[np.uint8]


def drawn(root: Path, count: int = 12) -> Path:
    """Drawings of 64 × 48 pixels with masks of 0 and 255."""
    for part in ("images", "masks"):
        (root / part).mkdir(parents=True)
    for index in range(count):
        image, mask = _drawing(index)
        image_of(root, index).write_bytes(image)
        mask_of(root, index).write_bytes(mask)
    return root


def with_splits(root: Path, *splits: str, column: str = "", values: Sequence[str] = ()) -> Path:
    """Splits of the first drawings, and a tag of theirs."""
    tags = values or [""] * len(splits)
    rows = [f"lesion_{i:04},{tag},{split}" for i, (tag, split) in enumerate(zip(tags, splits, strict=True))]
    (root / "splits.csv").write_text("\n".join([f"name,{column or 'unused'},split", *rows]) + "\n")
    return root


@cache
def _drawing(index: int) -> tuple[bytes, bytes]:
    drawing = draw_lesion(index, (48, 64))
    return _png(drawing.image), _png(np.uint8(255) * drawing.mask)


def _png(values: Mask) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(values).save(file, "PNG")
    return file.getvalue()


def image_of(root: Path, index: int) -> Path:
    return root / "images" / f"lesion_{index:04}.png"


def mask_of(root: Path, index: int) -> Path:
    return root / "masks" / f"lesion_{index:04}.png"


def pixels(path: Path) -> Mask:
    with PIL.Image.open(path) as picture:
        return np.asarray(picture).copy()


def save(path: Path, values: NDArray[Any]) -> None:
    PIL.Image.fromarray(np.ascontiguousarray(values)).save(path)


def change(path: Path, by: Callable[[Mask], NDArray[Any]]) -> None:
    """Store a picture anew, changed."""
    save(path, by(pixels(path)).astype(np.uint8))


def change_both(root: Path, index: int, by: Callable[[Mask], NDArray[Any]]) -> None:
    """Change an image and its mask alike."""
    change(image_of(root, index), by)
    change(mask_of(root, index), by)


def change_masks(root: Path, by: Callable[[Mask], NDArray[Any]]) -> None:
    """Change every mask."""
    for path in sorted((root / "masks").iterdir()):
        change(path, by)


def rename(root: Path, index: int, name: str) -> None:
    """Rename an image and its mask."""
    image_of(root, index).rename(root / "images" / name)
    mask_of(root, index).rename(root / "masks" / name)


def checked(root: Path) -> Checked:
    return check(open_data(root, strict=False))


def found(result: Checked | Iterable[Finding]) -> dict[str, list[tuple[str, ...]]]:
    """Files by kind of finding."""
    findings = result.result.findings if isinstance(result, Checked) else result
    return {one.kind: [place.files for place in one.places] for one in findings}


def errors(result: Checked) -> list[str]:
    return [one.kind for one in result.result.findings if one.severity == "error"]
