"""What is lost at seams: objects that a trained model finds in a picture whole, and in the same picture cut up.

    python benchmarks/seams.py RUN DATA [--rows 3]

RUN was trained on objects whose pictures are of its frame's size, such as DSB2018's. Each of some pictures of the
validation split is continued by its mirror images to 2.5 times its sides, so that nothing tells where it ends. It is
then predicted in one frame as large as itself; by tiles of the model's frame, whose fields are joined; and by windows,
whose objects are put together, as of more than 16 million pixels. PQ is that of the latter against the first, which is
taken for the truth.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import pixelwise
from pixelwise.prediction import Predictor
from pixelwise.recipe import Scale
from pixelwise.tasks.panoptic.rows import PanopticRow
from pixelwise.tiling import windows_of
from pixelwise.types import CLASSES, INSTANCES, Label, Pixels, Size


def rescaled(predictor: Predictor, policy: str, size: Size) -> Predictor:
    """The same network with another frame."""
    scale = Scale.model_validate({"policy": policy, "size": list(size)})
    preprocessing = predictor.preprocessing.model_copy(update={"scale": scale})
    return Predictor(predictor.network, predictor.tasks, preprocessing, predictor.settings)


def continued(picture: Pixels) -> Pixels:
    """(2.5 H, 2.5 W, C): a picture among its mirror images; three tiles that share a quarter are as long."""
    height, width = picture.shape[:2]
    margins = tuple((3 * side // 4, 3 * side // 4) for side in (height, width))
    return np.pad(picture, (*margins, (0, 0)), mode="symmetric")


def seams(predictor: Predictor, pictures: Sequence[Pixels]) -> dict[str, float]:
    """PQ of tiles, and of windows of tiles, against one frame."""
    [(name, task)] = predictor.tasks.items()
    frame = predictor.preprocessing.scale.size
    tiled = rescaled(predictor, "tiles", frame)
    rows: dict[str, list[PanopticRow]] = {"tiles": [], "windows": []}
    for picture in map(continued, pictures):
        size = picture.shape[0], picture.shape[1]
        whole = rescaled(predictor, "fit", size).predict(picture)[name]
        truth = Label({CLASSES: whole.label_map, INSTANCES: whole.instance_map})
        by_windows = tiled._stitched(picture, windows_of(size, 2 * frame[0], large=0))[name]
        rows["tiles"].append(task.row(tiled.predict(picture)[name], truth))
        rows["windows"].append(task.row(by_windows, truth))
    objects = sum(len(row.objects.true_area) for row in rows["tiles"])
    pooled = {way: float(task.ratios(found)["pq"].pooled()) for way, found in rows.items()}
    return {"objects": float(objects), **pooled}


def main() -> None:
    """Print PQ of either way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pictures", type=int, default=3)
    options = parser.parse_args()
    predictor = pixelwise.load(options.run)
    [name] = predictor.tasks
    data = pixelwise.open_data(options.data, task=name).split("val")
    chosen = data.samples[:: max(1, len(data) // options.pictures)][: options.pictures]
    found = seams(predictor, [data.read(sample)[0] for sample in chosen])
    print({what: round(value, 4) for what, value in found.items()})


if __name__ == "__main__":
    main()
