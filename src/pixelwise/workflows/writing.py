"""Results on images without labels, written as files: what every command does that makes them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from pixelwise import files
from pixelwise._version import __version__
from pixelwise.data.images import image_header, read_image
from pixelwise.data.layouts.paired import is_of_pairs
from pixelwise.errors import DataError, OutputError
from pixelwise.prediction import Prediction, Segmenter
from pixelwise.types import Json, Pixels
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.review import Review, ordered, read_reviews, review_of, write_reviews
from pixelwise.workflows.runfolder import make_folder
from pixelwise.workflows.sources import Found, Source


@dataclass(frozen=True)
class Predicted:
    """What a prediction of many images came to.

    Attributes:
        written: the JSON files, in the order of the images.
        refused: why an image was not predicted, a sentence each that names its file.
        reviews: of the same images, what a human should look at first; empty where nothing is said of that.
    """

    written: list[Path]
    refused: list[DataError]
    reviews: list[Review] = field(default_factory=list)


def write_results(
    segmenter: Segmenter, sources: Sequence[Source], folder: Path, *, overwrite: bool, listener: Listener
) -> Predicted:
    """Write mask, overlay and JSON for every image.

    An image that cannot be read, or is not of a format that the segmenter is made for, does not keep the others from
    being predicted.

    Raises:
        DataError: there is no image that can be predicted.
        OutputError: results are there already, or cannot be written.
    """
    check_outputs(segmenter, sources, folder, overwrite)
    earlier = read_reviews(folder) if segmenter.orders_review else {}
    fitting, refused = _fitting(segmenter, sources)
    written, reviews = [], []
    for done, source in enumerate(fitting, start=1):
        try:
            image = read_image(source.path)
        except DataError as error:  # cut short, which no header tells
            refused.append(error)
        else:
            make_folder(folder / source.folder)
            prediction = segmenter.predict(image)
            written.append(write_prediction(segmenter, prediction, image, source, folder / source.folder))
            results = written[-1].relative_to(folder).as_posix()
            reviews.append(review_of(segmenter, prediction, results, source.path.as_posix()))
        listener.scored(done, len(fitting))
    if not written:
        raise refused[0]
    if not segmenter.orders_review:
        return Predicted(written, refused)
    known = earlier | {one.results: one for one in reviews}
    write_reviews(folder, list(known.values()))
    return Predicted(written, refused, ordered(reviews))


def say_left_out(found: Found, listener: Listener) -> None:
    """Tell what of the folders was not taken for images."""
    for count, what in ((found.results, "results of earlier predictions"), (found.masks, "masks")):
        if count:
            listener.say(f"Left out as {what}: {count}. Name a file to have it predicted.")


def _fitting(segmenter: Segmenter, sources: Sequence[Source]) -> tuple[list[Source], list[DataError]]:
    """The images whose headers are as they should be, and what is wrong with the others.

    Raises:
        DataError: there are no such images.
    """
    fitting, refused = [], []
    for source in sources:
        try:
            segmenter.check_format(image_header(source.path).pixels, source.path)
        except DataError as error:
            refused.append(error)
        else:
            fitting.append(source)
    if not fitting:
        raise refused[0]
    return fitting, refused


def check_outputs(segmenter: Segmenter, sources: Sequence[Source], folder: Path, overwrite: bool) -> None:
    """Raise :class:`OutputError` if a result would replace an input, another result, or a file without ``overwrite``.

    So it is if results would lie among the images of a labelled set, where they would be images without masks.
    """
    inputs = {source.path.resolve() for source in sources}
    for place in {(folder / source.folder).resolve() for source in sources}:
        if is_of_pairs(place):
            raise OutputError(
                f"{place} holds images that have masks, and results would be taken for more of them; "
                "choose another --out."
            )
    taken: dict[str, Path] = {}
    for source in sources:
        for path in output_paths(segmenter, source, folder / source.folder):
            other = taken.setdefault(
                path.as_posix().casefold(), source.path
            )  # x.jpg and x_coco.jpg: x_coco.json
            if other != source.path:
                raise OutputError(
                    f"{other} and {source.path} would both have a result called {path.name}; rename one of them, or "
                    "predict them into two folders."
                )
            if path.resolve() in inputs:
                raise OutputError(
                    f"{path} is an image to predict and would be replaced; choose another --out."
                )
            if path.exists() and not overwrite:
                raise OutputError(f"{path} exists already; choose another --out or add --overwrite.")


def output_paths(segmenter: Segmenter, source: Source, folder: Path) -> list[Path]:
    """All files that the results of one image go to."""
    names = [f"{source.stem}.json", *[_uncertainty_name(source)] * segmenter.tells_uncertainty]
    for name, task in segmenter.tasks.items():
        stem = _stem_of(segmenter, source, name)
        names += [*task.file_names(stem), f"{stem}_overlay.png"]
    return [folder / name for name in names]


def _stem_of(segmenter: Segmenter, source: Source, task: str) -> str:
    return source.stem if len(segmenter.tasks) == 1 else f"{source.stem}_{task}"


def _uncertainty_name(source: Source) -> str:
    return f"{source.stem}_uncertainty.png"


def write_prediction(
    segmenter: Segmenter, prediction: Prediction, image: Pixels, source: Source, folder: Path
) -> Path:
    """Write what each task writes, an overlay per task, the uncertainty and, last, the JSON that lists them."""
    tasks: dict[str, Any] = {}
    drawn = _write_uncertainty(prediction, folder / _uncertainty_name(source))
    shown = segmenter.viewable(image)
    for name, task in segmenter.tasks.items():
        result = prediction[name]
        stem = _stem_of(segmenter, source, name)
        overlay = folder / f"{stem}_overlay.png"
        with files.replacing(overlay) as temporary:
            PIL.Image.fromarray(task.draw(shown, result)).save(temporary, format="PNG")
        files_of_task = task.write(result, folder, stem, image, source.path.name)
        written = [*files_of_task, overlay, *(drawn if not tasks else ())]
        described = {"settings": segmenter.settings[name], "files": [path.name for path in written]}
        tasks[name] = {**task.describe(result), **described}
    summary = {
        "image": source.path.as_posix(),
        "size": list(prediction.size),
        "pixelwise": __version__,
        **segmenter.origin(),
        **_confidence(prediction),
        "tasks": tasks,
    }
    path = folder / f"{source.stem}.json"
    files.write_text(path, json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    return path


def _write_uncertainty(prediction: Prediction, path: Path) -> list[Path]:
    """An 8-bit grey picture, 0 sure to 255 not known at all; nothing where there is no uncertainty."""
    if prediction.uncertainty is None:
        return []
    with files.replacing(path) as temporary:
        levels = np.rint(prediction.uncertainty * 255).astype(np.uint8)
        PIL.Image.fromarray(levels).save(temporary, format="PNG")
    return [path]


def _confidence(prediction: Prediction) -> Json:
    """What the prediction says of itself; null where the model does not tell, or nothing was found."""
    predicted, uncertainty = prediction.predicted_dice, prediction.uncertainty
    if uncertainty is None and prediction.unlikeness is None:
        return {}
    return {
        "confidence": {
            "predicted_dice": None if predicted is None or math.isnan(predicted) else round(predicted, 4),
            "unlike": prediction.unlike,
            "unlikeness": None if prediction.unlikeness is None else round(prediction.unlikeness, 4),
            "uncertainty": None if uncertainty is None else round(float(uncertainty.mean()), 6),
        }
    }
