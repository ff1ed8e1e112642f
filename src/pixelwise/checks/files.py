"""Files that cannot be read, or not as their owner may think."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pixelwise.checks.examine import FileFacts
from pixelwise.checks.finding import Found
from pixelwise.checks.subject import Subject

SUFFIXES = {
    "BMP": (".bmp",),
    "DIB": (".bmp",),
    "GIF": (".gif",),
    "JPEG": (".jpg", ".jpeg"),
    "MPO": (".jpg", ".jpeg"),
    "PNG": (".png",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
}
"""Of files of a format, the usual one first."""
UNREAD = frozenset(
    {
        ".heic",
        ".heif",
        ".avif",
        ".jxl",
        ".jp2",
        ".dng",
        ".cr2",
        ".cr3",
        ".nef",
        ".arw",
        ".raf",
        ".psd",
        ".xcf",
    }
    | {".svg", ".nii", ".gz", ".mha", ".mhd", ".nrrd", ".npz", ".mp4", ".mov", ".avi"}
)
"""Suffixes of pictures, volumes and films that no reader of ours takes."""
TINY = 16
"""Images with a shorter side than this show nothing."""


def find(subject: Subject) -> Iterator[Found]:
    """Faults of single files."""
    for one in subject.examined:
        yield from _any_file(subject, one.image.file)
        yield from _image_file(subject, one.image.file)
        if one.mask is not None:
            yield from _any_file(subject, one.mask.file)
    yield from (("file-unread", subject.place(path)) for path in unread(subject))
    yield from _other_kinds(subject)
    yield from _grey_among_coloured(subject)


def _any_file(subject: Subject, facts: FileFacts) -> Iterator[Found]:
    if facts.fault is not None:
        message = subject.shown(facts.message.removeprefix(str(facts.path)).strip())
        yield facts.fault, subject.place(facts.path, detail="" if facts.fault == "file-empty" else message)
    elif facts.path.suffix.lower() not in SUFFIXES.get(facts.format, (facts.path.suffix.lower(),)):
        yield "file-suffix", subject.place(facts.path, detail=f"It is {facts.format}.")
    if not facts.path.name.isprintable() or "\\" in facts.path.name:
        yield "file-name", subject.place(facts.path)


def _image_file(subject: Subject, facts: FileFacts) -> Iterator[Found]:
    if facts.fault is not None:
        return
    if facts.mode == "CMYK":
        yield "image-cmyk", subject.place(facts.path)
    if facts.transparent:
        yield "image-alpha", subject.place(facts.path)
    if facts.orientation in range(2, 9):
        yield "image-rotated", subject.place(facts.path, detail=f"EXIF orientation {facts.orientation}.")
    if min(facts.size) < TINY:
        yield "size-tiny", subject.place(facts.path, detail="{1} × {0} pixels.".format(*facts.size))


def unread(subject: Subject) -> list[Path]:
    """Pictures beside the images that are passed over, since they are of a format that is not read."""
    folders = sorted({one.sample.image.parent for one in subject.examined})
    beside = (path for folder in folders for path in sorted(folder.iterdir()))
    return [path for path in beside if path.suffix.lower() in UNREAD and not path.name.startswith(".")]


def _other_kinds(subject: Subject) -> Iterator[Found]:
    """Images of other channels or depth than most."""
    readable = [one.image.file for one in subject.examined if one.image.file.fault is None]
    if not readable:
        return
    [(usual, _)] = Counter(facts.pixels for facts in readable).most_common(1)
    like = next(facts for facts in readable if facts.pixels == usual)
    for facts in readable:
        if facts.pixels != usual:
            detail = f"It is {facts.pixels}, {subject.name(like.path)} is {usual}."
            yield "image-kind", subject.place(facts.path, detail=detail)


def _grey_among_coloured(subject: Subject) -> Iterator[Found]:
    readable = [one.image for one in subject.examined if one.image.file.fault is None]
    grey = [image for image in readable if not image.coloured]
    if 0 < len(grey) < 0.5 * len(readable):
        for image in grey:
            yield "image-grey", subject.place(image.file.path)
