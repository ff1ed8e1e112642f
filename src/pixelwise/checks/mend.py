"""A repaired copy of a data set: every change listed, nothing lost that is not explained."""

from __future__ import annotations

import csv
import io
import secrets
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from pixelwise import files
from pixelwise.checks.examine import Examined
from pixelwise.checks.files import SUFFIXES, unread
from pixelwise.checks.finding import KINDS, Finding
from pixelwise.checks.mendmask import mended_mask
from pixelwise.checks.mendobjects import file_names, is_by_split, once, write_objects
from pixelwise.checks.objects import where
from pixelwise.checks.subject import Subject
from pixelwise.data.dataset import Dataset
from pixelwise.data.images import read_image
from pixelwise.data.layouts.nesting import LEFT_OUT
from pixelwise.data.spacing import COLUMN, spacing_text
from pixelwise.data.splits import write_splits
from pixelwise.data.writers.base import Written, share_names
from pixelwise.errors import DataError, OutputError
from pixelwise.types import IGNORE_INDEX, RGB8, PixelFormat

CHANGES = "changes.csv"
_IMAGES = ".images"  # of the copy, until they are written where they belong
_PICTURE = ("image-cmyk", "image-alpha", "image-rotated")
_UNREADABLE = ("file-", "pair-", "size-", "mask-", "image-kind", "annotation-", "objects-", "ids-")
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
    """A line of ``changes.csv``: a file, what was done with it and why; no reason where nothing changed.

    Attributes:
        target: what became of it, within the copy.
    """

    file: str
    done: str
    why: str
    target: Path


def mend(subject: Subject, findings: Sequence[Finding], out: Path) -> Mended:
    """Write ``images``, ``masks``, their splits, tags and class names, and ``changes.csv`` into a new folder.

    What cannot be mended is copied into ``left-out``; ``changes.csv`` says of every picture, and of every other file
    that is found fault with, what was done, and why.

    Raises:
        OutputError: the folder is there already and not empty, lies among the data, or cannot be written.
    """
    check_free(out)
    check_apart(subject.dataset, out)
    part = out.absolute().with_name(f".{out.absolute().name[:40]}.{secrets.token_hex(4)}.part")
    try:
        part.mkdir(parents=True)
        mended = _Copy(subject, _kinds_by_file(subject, findings), part).write()
        out.mkdir(exist_ok=True)
        for written in part.iterdir():
            written.rename(out / written.name)
    except OSError as error:
        raise OutputError(
            f"{out} could not be written ({error.strerror or error}); make room or choose another folder."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return mended


def check_free(out: Path) -> None:
    """Raise :class:`OutputError` for a folder of a repaired copy that holds something already."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} is not empty; give the name of a new folder with --fix.")


def check_apart(dataset: Dataset, out: Path) -> None:
    """Raise :class:`OutputError` for a folder of a repaired copy that lies among the pictures."""
    paths = (path for sample in dataset.samples for path in (sample.image, *sample.labels.values()))
    folders = {folder.resolve() for folder in {path.parent for path in paths}}
    if not folders.isdisjoint([out.resolve(), *out.resolve().parents]):
        raise OutputError(f"{out} lies among the data; give a folder outside them with --fix.")


def _kinds_by_file(subject: Subject, findings: Sequence[Finding]) -> Kinds:
    paths = [path for one in subject.examined for path in _files_of(subject, one)]
    paths += [where(one.sample) for one in subject.examined]
    paths += [path for problem in subject.dataset.problems for path in problem.paths]
    paths += unread(subject)
    by_name = {subject.name(path): path for path in paths}
    found: dict[Path, list[str]] = defaultdict(list)
    for finding in findings:
        for place in finding.places:
            for name in place.files:
                for path in (
                    _files_at(by_name[name]) if name in by_name else []
                ):  # others are folders of files
                    found[path].append(finding.kind)
    return found


def _files_at(path: Path) -> list[Path]:
    """The file itself, or those in a folder that is to be left out as a whole."""
    return sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]


def _files_of(subject: Subject, one: Examined) -> list[Path]:
    """The image, and the files that its label is read from and no other's."""
    own = where(one.sample) != one.sample.image
    labels = subject.dataset.label_files(one.sample) if own and subject.dataset.source is not None else []
    return [one.sample.image, *([one.mask.file.path] if one.mask is not None else []), *labels]


@dataclass(frozen=True)
class _Copy:
    """The copy while it is written, in a folder of its own."""

    subject: Subject
    kinds: Kinds
    out: Path

    def write(self) -> Mended:
        """Write all of it."""
        if self.subject.dataset.source is not None:
            return self._write_objects()
        lines: list[_Line] = []
        kept: dict[str, list[_Line]] = {}
        for one, name in zip(self.subject.examined, _new_names(self.subject), strict=True):
            reason = self._hopeless(one)
            if not reason:
                try:
                    kept[one.sample.name] = self._pair(one, name)
                except DataError as error:
                    reason = self.subject.shown(str(error))
            lines += kept.get(one.sample.name) or [self._set_aside(path, reason) for path in self._files(one)]
        lines += self._others()
        self._write_lists(kept, lines)
        changed = sum(any(line.why for line in pair) for pair in kept.values())
        total = len(self.subject.examined)
        return Mended(total, changed, total - len(kept))

    def _write_objects(self) -> Mended:
        """The same of a set that tells objects apart, in its own format."""
        lines: list[_Line] = []
        kept: dict[str, Written] = {}
        changed = 0
        for one, name in zip(self.subject.examined, _new_names(self.subject), strict=True):
            reason = self._hopeless(one)
            try:
                if reason:
                    raise DataError(reason)
                objects = once(self.subject.dataset.objects(one.sample))
                image, line = self._image(one, name)
            except DataError as error:
                lines += [self._set_aside(path, self.subject.shown(str(error))) for path in self._files(one)]
                continue
            kept[one.sample.name] = Written(replace(one.sample, name=name, image=image), objects)
            done = [line, *self._anew(one)]
            changed += any(each.why for each in done)
            lines += done
        lines += self._others()
        if kept:
            write_objects(self.subject.dataset, list(kept.values()), self.out)
            self._write_tags(kept)
            lines = self._with_new_names(lines, kept)
        shutil.rmtree(self.out / _IMAGES, ignore_errors=True)
        self._write_changes(lines)
        total = len(self.subject.examined)
        return Mended(total, changed, total - len(kept))

    def _write_tags(self, kept: Mapping[str, Written]) -> None:
        """The splits with all that stands beside them, by files' names, which other folders became part of."""
        dataset = self.subject.dataset.where(lambda sample: sample.name in kept)
        if dataset.has_splits() and any(sample.tags or sample.spacing for sample in dataset.samples):
            names = file_names(dataset, list(kept.values()))
            write_splits(self.out / "splits.csv", dataset.renamed(dict(zip(kept, names, strict=True))))

    def _with_new_names(self, lines: Sequence[_Line], kept: Mapping[str, Written]) -> list[_Line]:
        """The lines, which tell what images are called that lie together and whose splits shared names."""
        dataset, written = self.subject.dataset, list(kept.values())
        if is_by_split(dataset) or not share_names(written):
            return list(lines)
        images = {one.sample.name: self.subject.name(one.sample.image) for one in self.subject.examined}
        names = {
            images[sample]: name for sample, name in zip(kept, file_names(dataset, written), strict=True)
        }
        return [
            replace(line, done=f"{line.done}, as images/{names[line.file]}") if line.file in names else line
            for line in lines
        ]

    def _files(self, one: Examined) -> list[Path]:
        return _files_of(self.subject, one)

    def _others(self) -> list[_Line]:
        """Files beside those of samples that fault was found with, set aside."""
        taken = {path for one in self.subject.examined for path in self._files(one)}
        others = sorted(path for path in set(self.kinds) - taken if path.is_file())
        return [self._set_aside(path, _why(self.kinds[path])) for path in others]

    def _image(self, one: Examined, name: str) -> tuple[Path, _Line]:
        """The image as the copy is to hold it, and what was done with it and with annotations in a shared file."""
        path = one.sample.image
        kinds = [kind for kind in self.kinds.get(path, ()) if KINDS[kind].mends]
        found = [kind for kind in kinds if kind in _PICTURE]
        annotated = [kind for kind in kinds if kind.startswith(("annotation-", "object-"))]
        done, image = "copied", path
        pixels = read_image(path) if found else None
        if pixels is not None and PixelFormat.of(pixels) == RGB8:
            image = _write_png(self.out / _IMAGES / name, pixels.astype(np.uint8, copy=False))
            done = "saved upright in RGB as PNG"
        elif "file-suffix" in kinds:
            image = self.out / _IMAGES / f"{name}{SUFFIXES[one.image.file.format][0]}"
            image.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, image)
        why = [kind for kind in kinds if kind in {"file-suffix", "file-name"}]
        done += ", its annotations written anew" if annotated else ""
        return image, _Line(self.subject.name(path), done, _why([*found, *why, *annotated]), self.out)

    def _anew(self, one: Examined) -> list[_Line]:
        """What was done with the files of a sample's objects."""
        return [
            _Line(
                self.subject.name(path),
                "written anew",
                _why(kind for kind in self.kinds.get(path, ()) if KINDS[kind].mends),
                self.out,
            )
            for path in self._files(one)[1:]
        ]

    def _hopeless(self, one: Examined) -> str:
        """Why this sample can be neither used nor mended; empty where it can."""
        found = [kind for path in self._files(one) for kind in self.kinds.get(path, ())]
        return _why(
            kind
            for kind in found
            if KINDS[kind].severity == "error" and not KINDS[kind].mends and kind.startswith(_UNREADABLE)
        )

    def _set_aside(self, path: Path, why: str) -> _Line:
        root = self.subject.dataset.root
        within = path.relative_to(root) if path.is_relative_to(root) else path
        target = self.out / LEFT_OUT / _safe(within.as_posix())
        while target.exists():
            target = target.with_name(f"_{target.name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            shutil.copy2(path, target)
            done = f"copied to {target.relative_to(self.out).as_posix()}"
        else:
            done = "left out: it does not exist"
        return _Line(self.subject.name(path), done, why, target)

    def _pair(self, one: Examined, name: str) -> list[_Line]:
        path, target = one.sample.image, self.out / "images" / name
        found = [kind for kind in self.kinds.get(path, ()) if kind in _PICTURE]
        pixels = read_image(path) if found else None
        # Where the mask cannot be mended, the image must not have been written.
        mask = self._mask(one, self.out / "masks" / name)
        if pixels is None or PixelFormat.of(pixels) != RGB8:  # which a PNG would not keep
            return [self._copied(path, target, one.image.file.format), mask]
        target = _write_png(target, pixels.astype(np.uint8, copy=False))
        return [_Line(self.subject.name(path), "saved upright in RGB as PNG", _why(found), target), mask]

    def _mask(self, one: Examined, target: Path) -> _Line:
        assert one.mask is not None
        path = one.mask.file.path
        found = [
            kind
            for kind in self.kinds.get(path, ())
            if KINDS[kind].mends and kind.startswith(("size-", "mask-"))
        ]
        if not found and self.subject.dataset.coding is None:
            return self._copied(path, target, one.mask.file.format)
        ids, done = mended_mask(self.subject, one, found)
        target = _write_png(target, ids * np.uint8(255) if _is_plain(self.subject) else ids)
        why = _why(found) or "All masks of the copy hold class ids."
        return _Line(self.subject.name(path), ", ".join(done) or "saved with class ids", why, target)

    def _copied(self, path: Path, target: Path, format_name: str) -> _Line:
        usual = SUFFIXES.get(format_name, (path.suffix.lower(),))
        rightly = path.suffix.lower() in usual
        target = target.with_name(target.name + (path.suffix if rightly else usual[0]))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
        why = [] if rightly else ["file-suffix"]
        why += [kind for kind in self.kinds.get(path, ()) if kind == "file-name"]
        name = target.relative_to(self.out).as_posix()
        done = "copied" if target.name == path.name else f"copied as {name}"
        return _Line(self.subject.name(path), done, _why(why), target)

    def _write_lists(self, kept: Mapping[str, Sequence[_Line]], lines: Sequence[_Line]) -> None:
        dataset = self.subject.dataset.where(lambda sample: sample.name in kept)
        names = {name: _name_of(image.target, self.out / "images") for name, (image, _) in kept.items()}
        tags = sorted({tag for sample in dataset.samples for tag in sample.tags})
        sized = any(sample.spacing for sample in dataset.samples)
        if dataset.has_splits():
            write_splits(self.out / "splits.csv", dataset.renamed(names))
        elif tags or sized:
            rows = [
                [
                    *(line.target.relative_to(self.out).as_posix() for line in kept[sample.name]),
                    names[sample.name],
                    *(sample.tags.get(tag, "") for tag in tags),
                    *[spacing_text(sample.spacing)] * sized,
                ]
                for sample in dataset.samples
            ]
            _write_csv(self.out / "data.csv", [["image", "mask", "name", *tags, *[COLUMN] * sized], *rows])
        classes = list(enumerate(dataset.labels.classes))
        if not _is_plain(self.subject) and (dataset.labels.is_binary or not dataset.inferred):
            _write_csv(self.out / "legend.csv", [["value", "name"], *classes, [IGNORE_INDEX, "ignore"]])
        elif not dataset.inferred:  # by names alone, since masks that are copied hold 0 and 1, or 0 and 255
            files.write_text(self.out / "classes.txt", "".join(f"{name}\n" for _, name in classes))
        self._write_changes(lines)

    def _write_changes(self, lines: Sequence[_Line]) -> None:
        _write_csv(
            self.out / CHANGES,
            [["file", "done", "why"], *([line.file, line.done, line.why] for line in lines)],
        )


def _is_plain(subject: Subject) -> bool:
    """Whether the copy's masks hold 0 and 255: two classes without pixels that nobody labelled."""
    return subject.dataset.labels.is_binary and IGNORE_INDEX not in subject.coding.ids.values()


def _write_png(target: Path, values: NDArray[np.uint8]) -> Path:
    target = target.with_name(target.name + ".png")
    target.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(values).save(target)
    return target


def _write_csv(target: Path, rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    files.write_text(target, text.getvalue())


def _why(kinds: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(KINDS[kind].what for kind in kinds))


def _new_names(subject: Subject) -> list[str]:
    """Names of the samples in the copy, without suffix."""
    names: dict[str, None] = {}
    for one in subject.examined:
        name = _safe(one.sample.name)
        while name in names:
            name += "_"
        names[name] = None
    return list(names)


def _safe(name: str) -> str:
    """A path that leads nowhere but down, without letters that programs stumble over."""
    letters = "".join(letter if letter.isprintable() and letter != "\\" else "_" for letter in name)
    return "/".join(part for part in letters.split("/") if part not in {"", ".", ".."}) or "_"


def _name_of(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()
