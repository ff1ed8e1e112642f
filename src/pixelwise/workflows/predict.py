"""A model's results on images without labels, written as files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import PIL.Image

from pixelwise import files
from pixelwise._version import __version__
from pixelwise.data.images import image_header, read_image
from pixelwise.data.pictures import is_image
from pixelwise.errors import DataError, OutputError
from pixelwise.prediction import Prediction, Predictor, check_format, viewable
from pixelwise.types import Pixels
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.runfolder import make_folder


@dataclass(frozen=True)
class Source:
    """An image file and the stem that its results are named by."""

    path: Path
    stem: str


def predict(
    model: Predictor | Path | str,
    paths: Sequence[Path | str],
    out: Path | str,
    *,
    overwrite: bool = False,
    listener: Listener | None = None,
) -> list[Path]:
    """Write mask, overlay and JSON for every image.

    Args:
        model: a loaded model, its file or the folder of its run.
        paths: image files, and folders whose images are taken.
        out: the folder that results go to; created if need be.
        overwrite: replace results that are there already.

    Returns:
        The JSON files, in the order of the images.

    Raises:
        ModelFileError: the model cannot be read.
        DataError: no images, or one that cannot be read or is not like those of training; a file that is cut short is
            found when its turn comes, and results of the images before it stay.
        OutputError: results are there already, or cannot be written.
    """
    listener = listener or Listener()
    predictor = model if isinstance(model, Predictor) else Predictor.load(model)
    sources, folder = find_images([Path(path) for path in paths]), Path(out)
    check_outputs(predictor, sources, folder, overwrite)
    for source in sources:
        # A file that is no image, or not like those of training, is better found before the first result.
        check_format(image_header(source.path).pixels, predictor.preprocessing.values, source.path)
    make_folder(folder)
    written = []
    for done, source in enumerate(sources, start=1):
        image = read_image(source.path)
        written.append(write_prediction(predictor, predictor.predict(image), image, source, folder))
        listener.scored(done, len(sources))
    return written


def find_images(paths: Sequence[Path]) -> list[Source]:
    """Image files among ``paths`` and in the folders among them, each with a stem of its own."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.iterdir() if is_image(one))
        elif path.exists():
            found.append(path)
        else:
            raise DataError(f"{path} does not exist; give image files or folders of images.")
    if not found:
        raise DataError(f"{paths[0]} holds no images; give image files or folders of images.")
    unique = list(dict.fromkeys(found))
    # Some file systems hold A.jpg and a.jpg for one name, so upper and lower case count as the same.
    stems = Counter(path.stem.casefold() for path in unique)
    # photo.jpg beside photo.png would write the same files: those two are named by the whole file name.
    sources = [Source(path, path.stem if stems[path.stem.casefold()] == 1 else path.name) for path in unique]
    first: dict[str, Path] = {}
    for source in sources:
        other = first.setdefault(source.stem.casefold(), source.path)
        if other != source.path:
            raise DataError(f"{other} and {source.path} have the same name; predict them into two folders.")
    return sources


def check_outputs(predictor: Predictor, sources: Sequence[Source], folder: Path, overwrite: bool) -> None:
    """Raise :class:`OutputError` if a result would replace an input, or another file without ``overwrite``."""
    inputs = {source.path.resolve() for source in sources}
    for source in sources:
        for path in output_paths(predictor, source, folder):
            if path.resolve() in inputs:
                raise OutputError(
                    f"{path} is an image to predict and would be replaced; choose another --out."
                )
            if path.exists() and not overwrite:
                raise OutputError(f"{path} exists already; choose another --out or add --overwrite.")


def output_paths(predictor: Predictor, source: Source, folder: Path) -> list[Path]:
    """All files that the results of one image go to."""
    names = [f"{source.stem}.json"]
    for name, task in predictor.tasks.items():
        stem = _stem_of(predictor, source, name)
        names += [*task.file_names(stem), f"{stem}_overlay.png"]
    return [folder / name for name in names]


def _stem_of(predictor: Predictor, source: Source, task: str) -> str:
    return source.stem if len(predictor.tasks) == 1 else f"{source.stem}_{task}"


def write_prediction(
    predictor: Predictor, prediction: Prediction, image: Pixels, source: Source, folder: Path
) -> Path:
    """Write what each task writes, an overlay per task and, last, the JSON that lists them."""
    tasks: dict[str, Any] = {}
    shown = viewable(image, predictor.preprocessing.values)
    for name, task in predictor.tasks.items():
        result = prediction[name]
        stem = _stem_of(predictor, source, name)
        overlay = folder / f"{stem}_overlay.png"
        with files.replacing(overlay) as temporary:
            PIL.Image.fromarray(task.draw(shown, result)).save(temporary, format="PNG")
        written = [*task.write(result, folder, stem), overlay]
        described = {"settings": predictor.settings[name], "files": [path.name for path in written]}
        tasks[name] = {**task.describe(result), **described}
    summary = {
        "image": source.path.as_posix(),
        "size": list(prediction.size),
        "pixelwise": __version__,
        "tasks": tasks,
    }
    path = folder / f"{source.stem}.json"
    files.write_text(path, json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    return path
