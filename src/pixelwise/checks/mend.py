"""A repaired copy of a data set: every change listed, nothing lost that is not explained."""

from __future__ import annotations

import csv
import io
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image

from pixelwise import files
from pixelwise.checks.examine import Examined
from pixelwise.checks.finding import KINDS, Finding
from pixelwise.checks.mendmask import mended_mask
from pixelwise.checks.subject import Subject
from pixelwise.data.images import read_image
from pixelwise.data.splits import write_splits
from pixelwise.errors import OutputError
from pixelwise.types import IGNORE_INDEX, RGB8, LabelMap, PixelFormat

CHANGES = "changes.csv"
LEFT_OUT = "left-out"
_PICTURE = ("image-cmyk", "image-alpha", "image-rotated")
_UNREADABLE = ("file-", "pair-", "size-", "mask-", "image-kind")
"""Beginnings of the kinds of finding that keep a sample from being read, where they are errors."""

Kinds = Mapping[Path, Sequence[str]]
"""Kinds of finding by file."""


@dataclass(frozen=True)
class Mended:
    """What became of the samples: how many there are, differ from the original, and could not be mended."""

    total: int
    changed: int
    left_out: int


@dataclass(frozen=True)
class _Line:
    """A line of ``changes.csv``: a file, what was done with it and why."""

    file: str
    done: str
    why: str


def mend(subject: Subject, findings: Sequence[Finding], out: Path) -> Mended:
    """Write ``images``, ``masks``, ``splits.csv`` and ``changes.csv`` into a new folder.

    What cannot be mended is copied into ``left-out``; ``changes.csv`` says of every file what was done, and why.

    Raises:
        OutputError: the folder is there already and not empty, or cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} is not empty; give the name of a new folder with --fix.")
    kinds = _kinds_by_file(subject, findings)
    lines: list[_Line] = []
    names = _new_names(subject)
    kept: set[str] = set()
    changed = 0
    for one in subject.examined:
        hopeless = _hopeless(one, kinds)
        if hopeless:
            written = [_set_aside(subject, path, out, hopeless) for path in _files_of(one)]
        else:
            kept.add(one.sample.name)
            written = [_image(subject, one, kinds, out / "images" / names[one.sample.name])]
            written.append(_mask(subject, one, kinds, out / "masks" / names[one.sample.name]))
            changed += any(line.done != "copied" for line in written)
        lines += written
    taken = {path for one in subject.examined for path in _files_of(one)}
    lines += [
        _set_aside(subject, path, out, kinds[path]) for path in sorted(set(kinds) - taken) if path.is_file()
    ]
    _write_lists(subject, {name: names[name] for name in kept}, lines, out)
    return Mended(len(subject.examined), changed, len(subject.examined) - len(kept))


def _kinds_by_file(subject: Subject, findings: Sequence[Finding]) -> Kinds:
    by_name = {subject.name(path): path for one in subject.examined for path in _files_of(one)}
    found: dict[Path, list[str]] = defaultdict(list)
    for finding in findings:
        for place in finding.places:
            for name in place.files:
                found[by_name.get(name, subject.dataset.root / name)].append(finding.kind)
    return found


def _files_of(one: Examined) -> list[Path]:
    return [one.sample.image] + ([one.mask.file.path] if one.mask is not None else [])


def _hopeless(one: Examined, kinds: Kinds) -> list[str]:
    """Kinds of finding for which this sample cannot be used, nor mended."""
    found = [kind for path in _files_of(one) for kind in kinds.get(path, ())]
    return [
        kind
        for kind in found
        if KINDS[kind].severity == "error" and not KINDS[kind].mends and kind.startswith(_UNREADABLE)
    ]


def _set_aside(subject: Subject, path: Path, out: Path, kinds: Sequence[str]) -> _Line:
    target = out / LEFT_OUT / subject.name(path).replace("\\", "_")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, target)
    return _Line(subject.name(path), f"copied to {LEFT_OUT}", _why(kinds))


def _image(subject: Subject, one: Examined, kinds: Kinds, target: Path) -> _Line:
    path = one.sample.image
    found = [kind for kind in kinds.get(path, ()) if kind in _PICTURE]
    if not found:
        return _copied(subject, path, target, one.image.file.format)
    pixels = read_image(path)
    if PixelFormat.of(pixels) != RGB8:  # a PNG would not keep it, and training reads it as it is
        return _copied(subject, path, target, one.image.file.format)
    _write_png(target.with_name(target.name + ".png"), pixels.astype(np.uint8, copy=False))
    return _Line(subject.name(path), "saved upright in RGB as PNG", _why(found))


def _mask(subject: Subject, one: Examined, kinds: Kinds, target: Path) -> _Line:
    assert one.mask is not None
    path = one.mask.file.path
    found = [
        kind for kind in kinds.get(path, ()) if KINDS[kind].mends and kind.startswith(("size-", "mask-"))
    ]
    if not found and subject.dataset.coding is None:
        return _copied(subject, path, target, one.mask.file.format)
    ids, done = mended_mask(subject, one, found)
    _write_png(target.with_name(target.name + ".png"), _stored(subject, ids))
    why = _why(found) or "All masks of the copy hold class ids."
    return _Line(subject.name(path), ", ".join(done) or "saved with class ids", why)


def _stored(subject: Subject, ids: LabelMap) -> LabelMap:
    """Class ids as the copy stores them: 0 and 255 for two classes without pixels that nobody labelled."""
    return ids * np.uint8(255) if _is_plain(subject) else ids


def _is_plain(subject: Subject) -> bool:
    return subject.dataset.labels.is_binary and IGNORE_INDEX not in subject.coding.ids.values()


def _copied(subject: Subject, path: Path, target: Path, format_name: str) -> _Line:
    suffixes = {
        "JPEG": ".jpg",
        "MPO": ".jpg",
        "PNG": ".png",
        "BMP": ".bmp",
        "TIFF": ".tif",
        "GIF": ".gif",
        "WEBP": ".webp",
    }
    kept = path.suffix.lower() in {".jpeg", ".tiff"} and suffixes.get(format_name, "") in {".jpg", ".tif"}
    suffix = path.suffix if kept else suffixes.get(format_name, path.suffix)
    target = target.with_name(target.name + suffix)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, target)
    renamed = suffix.lower() != path.suffix.lower() or target.name != path.name
    if suffix.lower() != path.suffix.lower():
        return _Line(subject.name(path), f"renamed to {target.name}", KINDS["file-suffix"].what)
    if renamed and not path.name.isprintable():
        return _Line(subject.name(path), f"renamed to {target.name}", KINDS["file-name"].what)
    return _Line(subject.name(path), "copied", "")


def _write_png(target: Path, values: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with files.replacing(target) as temporary:
        PIL.Image.fromarray(values).save(temporary, format="PNG")


def _why(kinds: Sequence[str]) -> str:
    return " ".join(dict.fromkeys(KINDS[kind].what for kind in kinds))


def _new_names(subject: Subject) -> dict[str, str]:
    """Names of the samples in the copy, without suffix: their own but for letters that programs stumble over."""
    names: dict[str, str] = {}
    for one in subject.examined:
        name = "".join(
            letter if letter.isprintable() and letter != "\\" else "_" for letter in one.sample.name
        )
        while name in names.values():
            name += "_"
        names[one.sample.name] = name
    return names


def _write_lists(subject: Subject, names: Mapping[str, str], lines: Sequence[_Line], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "done", "why"])
    writer.writerows([line.file, line.done, line.why] for line in lines)
    files.write_text(out / CHANGES, text.getvalue())
    dataset = subject.dataset.where(lambda sample: sample.name in names)
    if dataset.has_splits():
        write_splits(out / "splits.csv", dataset.renamed(names))
    if not (dataset.inferred or _is_plain(subject)):
        rows = [f"{value},{name}" for value, name in enumerate(dataset.labels.classes)]
        files.write_text(
            out / "legend.csv", "\n".join(["value,name", *rows, f"{IGNORE_INDEX},ignore"]) + "\n"
        )
