"""Which files a person means who names images and folders to predict."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pixelwise.data.layouts import pennfudan
from pixelwise.data.layouts.instances import INSTANCES
from pixelwise.data.layouts.nesting import pictures_in
from pixelwise.data.layouts.paired import MASKS
from pixelwise.data.layouts.pairing import without_ending
from pixelwise.data.pictures import frames_advice, is_video
from pixelwise.errors import DataError

LABELS = MASKS | INSTANCES | {pennfudan.MASKS.casefold()}
"""Names of folders of labels, in small letters and without what separates words …"""
PANOPTIC = re.compile(r"panoptic(train|val|test)?\d*")
"""… and those of COCO's panoptic pictures."""


@dataclass(frozen=True)
class Source:
    """An image file, and how its results are named.

    Attributes:
        folder: below the folder of results, as the image lies below the folder that was given.
        stem: what the results' names begin with.
    """

    path: Path
    folder: Path
    stem: str

    @property
    def key(self) -> str:
        """What results are told apart by: some file systems hold A.jpg and a.jpg for one name."""
        return (self.folder / self.stem).as_posix().casefold()


@dataclass(frozen=True)
class Found:
    """What is to be predicted.

    Attributes:
        sources: images, each with results of its own.
        results: how many results of earlier predictions were left out.
        masks: how many masks beside images were left out.
    """

    sources: list[Source]
    results: int = 0
    masks: int = 0


def find_sources(paths: Sequence[Path], out: Path) -> Found:
    """The images among ``paths`` and in the folders among them, at any depth.

    A file that is named is taken whatever it is. Of a folder, its masks and the results of earlier predictions are left
    out, and so is the folder ``out``.

    Raises:
        DataError: no such path, a folder without images, or two images whose results would be named the same.
    """
    found: dict[Path, Path] = {}
    results = masks = 0
    for path in paths:
        if not path.exists():
            raise DataError(f"{path} does not exist; give image files or folders of images.")
        if not path.is_dir():
            found.setdefault(path, Path())
            continue
        pictures = list(_pictures(path, out))
        made = {one for one in pictures if _is_result(one)}
        drawn = set(_masks(path, [one for one in pictures if one not in made]))
        images = [one for one in pictures if one not in made | drawn]
        if not images:
            film = next(filter(is_video, sorted(path.iterdir())), None)
            advice = frames_advice(film) if film is not None else "give image files or folders of images"
            raise DataError(f"{path} holds no images{_but(made, drawn, film)}; {advice}.")
        results, masks = results + len(made), masks + len(drawn)
        for one in images:
            found.setdefault(one, one.parent.relative_to(path))
    return Found(_named(found), results, masks)


def _pictures(folder: Path, out: Path) -> Iterator[Path]:
    """Those in a folder, less what lies in the folder of results where that is below it."""
    results = out.resolve()
    is_below = folder.resolve() in results.parents
    for picture in pictures_in(folder):
        if not (is_below and results in picture.resolve().parents):
            yield picture


def _but(results: set[Path], masks: set[Path], film: Path | None) -> str:
    """What a folder holds where it holds no images."""
    held = ["results of predictions"] * bool(results) + ["masks"] * bool(masks) + ["films"] * bool(film)
    return f" but {' and '.join(held)}" if held else ""


def _is_result(picture: Path) -> bool:
    """Whether a JSON beside the picture says that a prediction wrote it."""
    parts = picture.stem.split("_")
    for count in range(1, len(parts)):
        summary = picture.with_name("_".join(parts[:count]) + ".json")
        try:
            written = json.loads(summary.read_text(encoding="utf-8"))
            if any(picture.name in task["files"] for task in written["tasks"].values()):
                return True
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            continue  # there is no such file, or it is somebody else's
    return False


def _masks(folder: Path, pictures: Sequence[Path]) -> Iterator[Path]:
    """Those that folders below ``folder``, or names beside images, say to be masks."""
    stems = {one.stem.casefold() for one in pictures}
    for picture in pictures:
        below = picture.relative_to(folder).parent.parts
        bare = without_ending(picture.stem).casefold()
        named = bare != picture.stem.casefold() and bare in stems
        if named or any(_of_labels(part) for part in below):
            yield picture


def _of_labels(folder: str) -> bool:
    """Whether a folder of this name holds masks, or pictures that number objects."""
    bare = re.sub(r"[\W_]+", "", folder.casefold())
    return bare in LABELS or PANOPTIC.fullmatch(bare) is not None


def _named(found: dict[Path, Path]) -> list[Source]:
    # photo.jpg beside photo.png would write the same files: those two are named by the whole file name.
    stems = Counter(Source(path, folder, path.stem).key for path, folder in found.items())
    sources = [
        Source(path, folder, path.stem if stems[Source(path, folder, path.stem).key] == 1 else path.name)
        for path, folder in found.items()
    ]
    first: dict[str, Path] = {}
    for source in sources:
        other = first.setdefault(source.key, source.path)
        if other != source.path:
            raise DataError(f"{other} and {source.path} have the same name; predict them into two folders.")
    return sources
