"""Writing a set of objects anew in a format that other programs read."""

from __future__ import annotations

import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts import table
from pixelwise.data.writers import coco, cocopanoptic, labelme, masks, yolo
from pixelwise.data.writers.base import Written, named, share_names
from pixelwise.errors import DataError, OutputError
from pixelwise.objects import ObjectMask
from pixelwise.outlines import is_hole
from pixelwise.types import IGNORE_INDEX
from pixelwise.workflows.listener import Listener

Format = Literal["coco", "coco-panoptic", "yolo", "labelme", "masks"]
FORMATS: tuple[Format, ...] = get_args(Format)

_WRITERS: dict[Format, Callable[[Dataset, Sequence[Written], Path], int]] = {
    "coco": coco.write,
    "coco-panoptic": cocopanoptic.write,
    "yolo": yolo.write,
    "labelme": labelme.write,
    "masks": masks.write,
}


@dataclass(frozen=True)
class Converted:
    """What was written.

    Attributes:
        images, objects: how many.
        lost: what the format cannot hold, a sentence each; said before writing.
    """

    out: Path
    images: int
    objects: int
    lost: tuple[str, ...]


def convert(dataset: Dataset, out: Path | str, to: str, listener: Listener | None = None) -> Converted:
    """Write a set of objects in another format: images, labels and splits.

    Args:
        out: a new folder; it appears whole or not at all.
        to: one of ``FORMATS``.
        listener: hears what the format cannot hold before anything is written.

    Raises:
        DataError: a set that tells no objects apart, images without labels, or files that cannot be read.
        OutputError: ``out`` exists, lies among the set's own files or cannot be written.
    """
    listener, out = listener or Listener(), Path(out)
    wanted = next((one for one in FORMATS if one == to), None)
    if wanted is None:
        raise DataError(f"there is no format '{to}' to convert to; choose one of {', '.join(FORMATS)}.")
    if not dataset.labels.things:
        raise DataError(
            f"{dataset.root} ({dataset.layout}) tells no objects apart; give --task instance if its masks number "
            "objects, or --things for the regions of a class."
            if dataset.has_masks
            else f"{dataset.root} ({dataset.layout}) tells no objects apart; convert a set that does."
        )
    if out.exists() or out.is_symlink():
        raise OutputError(f"{out} exists already; give a new folder.")
    _check_apart(out, dataset)
    written, nothing = _read(dataset)
    lost = (*nothing, *_lost(dataset, written, wanted), *_changed(dataset, written, wanted))
    for sentence in lost:
        listener.say(sentence)
    objects = _write_whole(out, lambda folder: _WRITERS[wanted](dataset, written, folder))
    return Converted(out, len(written), objects, lost)


def _read(dataset: Dataset) -> tuple[list[Written], list[str]]:
    """All samples with their objects, and a sentence where some are left out since they are background."""
    written, count = [], 0
    for sample in dataset.samples:
        objects = dataset.objects(sample)
        kept = tuple(one for one in objects if one.class_id != dataset.labels.background)
        count += len(objects) - len(kept)
        written.append(Written(sample, kept))
    said = (
        f"Numbers whose pixels are mostly background: {count}; left out, since they are no objects "
        "(pixelwise check names them)."
    )
    return written, [said] * bool(count)


def _check_apart(out: Path, dataset: Dataset) -> None:
    """Raise :class:`OutputError` for a place within the set, where what is written would be read as more of it."""
    places = {sample.image.parent.resolve() for sample in dataset.samples}
    if dataset.layout != table.NAME:  # a list names its images, and no folder is looked through
        places.add(dataset.root.resolve())
    if not places.isdisjoint(out.resolve().parents):
        raise OutputError(f"{out} lies among the files of {dataset.root}; give a folder outside of it.")


def _lost(dataset: Dataset, written: Sequence[Written], to: Format) -> list[str]:
    """What a format cannot hold of these objects, in sentences."""
    found: Counter[str] = Counter()
    for one in written:
        found.update(_features(dataset, one.objects))
    one_pixel = "where they overlap, the pixel goes to the smaller object alone"
    one_outline = "YOLO has one outline for an object"
    cannot: dict[Format, dict[str, str]] = {
        "coco": {
            "stuff": "left out, since COCO's instances hold things alone",
            "void": "left out, since COCO has no place for them",
        },
        "coco-panoptic": {
            "overlap": one_pixel,
            "empty": "left out, since they have no pixel",
        },
        "yolo": {
            "stuff": "left out, since YOLO holds objects alone",
            "void": "left out, since YOLO has no place for them",
            "crowd": "left out, since YOLO has no crowds",
            "empty": "left out, since YOLO needs an outline",
            "hole": f"{one_outline}, so a cut line leads to each hole; programs that draw lines a pixel wide show it",
            "apart": f"{one_outline}, so cut lines join the parts",
        },
        "labelme": {
            "stuff": "written as shapes like others, so which classes are stuff is lost",
            "empty": "left out, since labelme needs an outline",
            "void": "left out, since labelme has no place for them",
        },
        "masks": {
            "overlap": one_pixel,
            "empty": "left out, since they have no pixel",
        },
    }
    subjects = {
        "stuff": "Segments of stuff",
        "void": "Regions that nobody labelled",
        "crowd": "Crowds",
        "empty": "Objects without pixels",
        "hole": "Objects with holes",
        "apart": "Objects with parts that lie apart",
        "overlap": "Objects that overlap others",
    }
    return [
        f"{subjects[feature]}: {found[feature]}; {what}."
        for feature, what in cannot[to].items()
        if found[feature]
    ]


def _changed(dataset: Dataset, written: Sequence[Written], to: Format) -> list[str]:
    """What a format cannot say of classes and splits, in sentences."""
    if to == "yolo":
        return [
            f"No images for {split}: data.yaml names those of {part or 'train'}, since Ultralytics needs some."
            for split, part in yolo.borrowed_splits(written).items()
        ]
    if to == "masks" and share_names(written):
        return [
            "Names that several splits share: all images lie in one folder, so each name begins with its split, such "
            f"as {named(written, together=True)[0][0]}."
        ]
    if to != "labelme":
        return []
    shown = {o.class_id for one in written for o in one.objects if labelme.has_shapes(o)}
    names = dataset.labels.classes
    unseen = [names[class_id] for class_id in dataset.labels.scored if class_id not in shown]
    kept = [names[class_id] for class_id in dataset.labels.scored if class_id in shown]
    found = []
    if unseen:
        found.append(
            f"Classes without objects: {', '.join(unseen)}; left out, since labelme has no list of classes."
        )
    if kept != sorted(kept):
        found.append(
            f"The order of classes: {', '.join(kept)}; read again it is that of their names, since labelme has no "
            "list of classes."
        )
    return found


def _features(dataset: Dataset, objects: Sequence[ObjectMask]) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in objects:
        if one.class_id == IGNORE_INDEX:
            found["void"] += 1
            continue
        if one.class_id not in dataset.labels.things:
            found["stuff"] += 1
            continue
        found["crowd"] += one.is_crowd
        found["empty"] += not one.area
        if one.is_crowd or not one.area:
            continue
        holes = [is_hole(ring) for ring in one.rings()]
        found["hole"] += any(holes)
        found["apart"] += holes.count(False) > 1
    found["overlap"] += _overlapping(objects)
    return found


def _overlapping(objects: Sequence[ObjectMask]) -> int:
    """How many objects share a pixel with one before them."""
    if not objects:
        return 0
    taken = bytearray(objects[0].size[0] * objects[0].size[1])
    count = 0
    for one in objects:
        runs = one.runs.tolist()
        count += any(any(taken[begin:end]) for begin, end in runs)
        for begin, end in runs:
            taken[begin:end] = b"\1" * (end - begin)
    return count


def _write_whole(out: Path, write: Callable[[Path], int]) -> int:
    """``out`` as ``write`` fills it, or nothing; what ``write`` returns."""
    temporary = out.with_name(f".{out.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        temporary.mkdir(parents=True)
        count = write(temporary)
        temporary.replace(out)
        return count
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        reason = error.strerror or str(error)
        raise OutputError(
            f"{out} could not be written ({reason}); make room or choose another folder."
        ) from error
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
