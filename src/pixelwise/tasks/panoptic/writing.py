"""Objects as files that other tools read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from pixelwise import files
from pixelwise.data.naming import number_of
from pixelwise.data.writers.cocopanoptic import coloured
from pixelwise.errors import OutputError
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask, objects_of
from pixelwise.tasks.drawing import PALETTE
from pixelwise.tasks.panoptic.result import PanopticResult, counted
from pixelwise.types import CLASSES, INSTANCES, Json, Pixels

MOST_IN_16_BITS = 65535
COLUMNS = (
    "number",
    "class",
    "score",
    "area",
    "x0",
    "y0",
    "x1",
    "y1",
    "centroid_x",
    "centroid_y",
    "major_axis",
    "minor_axis",
    "circularity",
    "mean_intensity",
)
"""Of the table of objects; images of several channels have ``mean_intensity_1`` and so on beside them."""


def file_names(stem: str) -> list[str]:
    """Names of the files that :func:`write` makes, in its order."""
    endings = ("instances.png", "panoptic.png", "panoptic.json", "coco.json", "objects.csv")
    return [f"{stem}_{ending}" for ending in endings]


def write(
    result: PanopticResult, folder: Path, stem: str, labels: Labels, image: Pixels | None, name: str
) -> list[Path]:
    """Write the picture of numbers, the panoptic picture with its JSON, COCO annotations and the table of objects.

    Args:
        stem: what the files' names begin with.
        image: (H, W, C) values as stored; None leaves out what is measured in it.
        name: of the image file.

    Raises:
        OutputError: more objects than 16 bits can number, or a file that cannot be written.
    """
    paths = [folder / name for name in file_names(stem)]
    numbers, panoptic, panoptic_json, coco, table = paths
    if len(result.classes) > MOST_IN_16_BITS:
        raise OutputError(
            f"{numbers} cannot number {len(result.classes)} objects in 16 bits; predict smaller pieces of the image."
        )
    segments = objects_of({CLASSES: result.label_map, INSTANCES: result.instance_map}, labels)
    _save(numbers, PIL.Image.fromarray(result.instance_map.astype(np.uint16)))
    _save(panoptic, PIL.Image.fromarray(panoptic_colours(result, labels)))
    _write_json(panoptic_json, panoptic_annotation(result, segments, name, panoptic.name, labels))
    _write_json(coco, coco_annotations(result, segments, name, labels))
    files.write_text(table, objects_table(result, labels, image))
    return paths


def describe(result: PanopticResult, labels: Labels) -> Json:
    """Numbers for the JSON of an image."""
    counts = np.bincount(result.classes, minlength=labels.num_classes)
    pixels = counted(result.label_map, labels.num_classes)
    objects = zip(result.classes.tolist(), result.scores.tolist(), result.areas.tolist(), strict=True)
    return {
        "classes": [
            {
                "name": name,
                "pixels": int(pixels[at]),
                "share": round(float(pixels[at] / result.label_map.size), 6),
                **({"objects": int(counts[at])} if at in labels.things else {}),
            }
            for at, name in enumerate(labels.classes)
        ],
        "objects": [
            {"number": number, "class": labels.classes[of], "score": round(score, 4), "area": area}
            for number, (of, score, area) in enumerate(objects, start=1)
        ],
    }


def segment_ids(result: PanopticResult, labels: Labels) -> NDArray[np.int32]:
    """(H, W) ids of COCO's panoptic format: an object's number, stuff by class beyond all numbers, 0 for background."""
    stuff = len(result.classes) + 1 + np.arange(256, dtype=np.int32)
    if labels.background is not None:
        stuff[labels.background] = 0
    ids = result.instance_map.copy()
    for row, classes in zip(ids, result.label_map, strict=True):
        row[row == 0] = stuff[classes[row == 0]]
    return ids


def panoptic_colours(result: PanopticResult, labels: Labels) -> NDArray[np.uint8]:
    """(H, W, 3): red + 256 green + 256² blue is the segment's id."""
    return coloured(segment_ids(result, labels))


def panoptic_annotation(
    result: PanopticResult, segments: Sequence[ObjectMask], name: str, picture: str, labels: Labels
) -> Json:
    """COCO's panoptic JSON of the image in a file called ``name``, for the PNG called ``picture``."""
    found = []
    for one in segments:
        is_thing = one.class_id in labels.things
        number = one.original if is_thing else len(result.classes) + 1 + one.class_id
        assert number is not None
        score = {"score": round(float(result.scores[number - 1]), 4)} if is_thing else {}
        found.append(
            {
                "id": number,
                "category_id": one.class_id,
                "area": one.area,
                "bbox": _bbox(one),
                "iscrowd": 0,
                **score,
            }
        )
    return {
        "images": [_image(result, name)],
        "annotations": [{"image_id": _image_id(name), "file_name": picture, "segments_info": found}],
        "categories": _categories(labels, labels.scored),
    }


def coco_annotations(
    result: PanopticResult, segments: Sequence[ObjectMask], name: str, labels: Labels
) -> Json:
    """COCO's instance JSON of the image in a file called ``name``; masks as compressed run lengths."""
    annotations = [
        {
            "id": one.original,
            "image_id": _image_id(name),
            "category_id": one.class_id,
            "segmentation": {"size": list(one.size), "counts": compressed(one.counts)},
            "area": one.area,
            "bbox": _bbox(one),
            "iscrowd": 0,
            "score": round(float(result.scores[one.original - 1]), 4),
        }
        for one in segments
        if one.original is not None and one.class_id in labels.things
    ]
    return {
        "images": [_image(result, name)],
        "annotations": annotations,
        "categories": _categories(labels, labels.things),
    }


def compressed(counts: Sequence[int]) -> str:
    """COCO's text of run lengths: from the fourth on differences to the last but one, 5 bits a character from "0" on.

    A sixth bit says that more follow; the last character's fifth bit is the sign.
    """
    text = []
    for place, count in enumerate(counts):
        rest = count - counts[place - 2] if place > 2 else count
        more = True
        while more:
            bits = rest & 0x1F
            rest >>= 5
            more = rest != (-1 if bits & 0x10 else 0)
            text.append(chr(48 + bits + 0x20 * more))
    return "".join(text)


def objects_table(result: PanopticResult, labels: Labels, image: Pixels | None) -> str:
    """CSV of all objects; lengths in pixels, axes of the ellipse of the same second moments, pixels being squares.

    Circularity is 4π area / perimeter², 1 for a disc, of a perimeter by Crofton's formula in four directions. The mean
    intensity is that of the stored values (H, W, C), of all channels together and, where they differ, of each; empty
    without an image.
    """
    from skimage.measure import regionprops

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    channels = 0 if image is None else 1 if _is_grey(image) else image.shape[2]
    several = [f"mean_intensity_{channel}" for channel in range(1, channels + 1)] if channels > 1 else []
    table.writerow([*COLUMNS, *several])
    for one in regionprops(result.instance_map):
        number, perimeter = int(one.label), float(one.perimeter_crofton)
        y0, x0, y1, x1 = one.bbox
        row, column = one.centroid
        round_as = min(1.0, 4 * np.pi * one.area / perimeter**2) if perimeter else 1.0
        table.writerow(
            [
                number,
                labels.classes[result.classes[number - 1]],
                f"{result.scores[number - 1]:.4f}",
                int(one.area),
                x0,
                y0,
                x1,
                y1,
                f"{column + 0.5:.2f}",
                f"{row + 0.5:.2f}",
                # A square has a second moment of 1/12 of its own: a line a pixel wide is not without width.
                *(f"{4 * np.sqrt(moment + 1 / 12):.2f}" for moment in one.inertia_tensor_eigvals),
                f"{round_as:.4f}",
                *([""] if image is None else _intensities(image[one.slice][one.image], channels)),
            ]
        )
    return text.getvalue()


def _is_grey(image: Pixels) -> bool:
    """Whether all channels hold the same, as those of grey pictures of 8 bits do."""
    return all(np.array_equal(image[..., 0], image[..., one]) for one in range(1, image.shape[2]))


def _intensities(values: Pixels, channels: int) -> list[str]:
    """The mean of the values (pixels, C) of an object and, of several channels, the mean of each."""
    means = values.mean(axis=0, dtype=np.float64)
    shown = [means.mean(), *means] if channels > 1 else [means[0]]
    # Fractions may be of any order of magnitude.
    return [f"{mean:.6g}" if values.dtype.kind == "f" else f"{mean:.2f}" for mean in shown]


def _image_id(name: str) -> int:
    number = number_of(name)
    return 1 if number is None else number


def _image(result: PanopticResult, name: str) -> Json:
    height, width = result.label_map.shape
    return {"id": _image_id(name), "file_name": name, "height": height, "width": width}


def _categories(labels: Labels, ids: Sequence[int]) -> list[Json]:
    return [
        {
            "id": at,
            "name": labels.classes[at],
            "isthing": int(at in labels.things),
            "color": PALETTE[at % len(PALETTE)].tolist(),
        }
        for at in ids
    ]


def _bbox(one: ObjectMask) -> list[int]:
    x0, y0, x1, y1 = one.box
    return [x0, y0, x1 - x0, y1 - y0]


def _save(path: Path, picture: PIL.Image.Image) -> None:
    with files.replacing(path) as temporary:
        picture.save(temporary, format="PNG")


def _write_json(path: Path, values: Any) -> None:
    files.write_text(path, json.dumps(values, ensure_ascii=False) + "\n")
