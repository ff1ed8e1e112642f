"""YOLO's segmentation sets, as the layout ``yolo`` reads them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pixelwise import files
from pixelwise.data.dataset import Dataset
from pixelwise.data.writers.base import Written, copy_image, named
from pixelwise.objects import ObjectMask
from pixelwise.outlines import joined


def write(dataset: Dataset, written: Sequence[Written], folder: Path) -> None:
    """Fill a folder; holes and parts are joined by cut lines, crowds and stuff left out."""
    numbers = {class_id: number for number, class_id in enumerate(dataset.labels.things)}
    parts = sorted({one.sample.split or "" for one in written})
    for name, one in named(written):
        part = one.sample.split or ""
        copy_image(one, folder / "images" / part, name)
        kept = [o for o in one.objects if o.class_id in numbers and o.area and not o.is_crowd]
        text = folder / "labels" / part / f"{name}.txt"
        text.parent.mkdir(parents=True, exist_ok=True)
        files.write_text(text, "".join(f"{numbers[o.class_id]} {_outline(o)}\n" for o in kept))
    lines = [f"{part or 'train'}: images{'/' * bool(part)}{part}\n" for part in parts]
    # JSON's strings are YAML's too.
    names = "".join(f"  {n}: {json.dumps(dataset.labels.classes[i])}\n" for i, n in numbers.items())
    files.write_text(folder / "data.yaml", f"path: .\n{''.join(lines)}names:\n{names}")


def _outline(one: ObjectMask) -> str:
    ring = joined(one.rings()) / (one.size[1], one.size[0])
    return " ".join(f"{number:.9g}" for number in ring.ravel())
