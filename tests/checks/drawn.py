"""Drawn data sets with something wrong, and what a check says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from pixelwise.checks import Finding
from pixelwise.data.synthetic import write_lesions
from pixelwise.workflows.check import Checked, check
from pixelwise.workflows.data import open_data

Mask = NDArray[np.uint8]


def drawn(root: Path, count: int = 12, *, splits: bool = False) -> Path:
    """Drawings of 64 × 48 pixels with masks of 0 and 255."""
    write_lesions(root, count, seed=0, size=(48, 64))
    if not splits:
        (root / "splits.csv").unlink()
    return root


def image_of(root: Path, index: int) -> Path:
    return root / "images" / f"lesion_{index:04}.png"


def mask_of(root: Path, index: int) -> Path:
    return root / "masks" / f"lesion_{index:04}.png"


def pixels(path: Path) -> Mask:
    with PIL.Image.open(path) as picture:
        return np.asarray(picture).copy()


def save(path: Path, values: Mask) -> None:
    PIL.Image.fromarray(np.ascontiguousarray(values)).save(path)


def change(path: Path, by: Callable[[Mask], Mask]) -> None:
    """Store a picture anew, changed."""
    save(path, by(pixels(path)).astype(np.uint8))


def checked(root: Path) -> Checked:
    return check(open_data(root, strict=False))


def found(result: Checked | Iterable[Finding]) -> dict[str, list[tuple[str, ...]]]:
    """Files by kind of finding."""
    findings = result.result.findings if isinstance(result, Checked) else result
    return {one.kind: [place.files for place in one.places] for one in findings}


def errors(result: Checked) -> list[str]:
    return [one.kind for one in result.result.findings if one.severity == "error"]
