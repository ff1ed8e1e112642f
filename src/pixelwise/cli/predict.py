"""``pixelwise predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelwise.cli.options import ModelArgument
from pixelwise.cli.predicted import print_predicted


def predict(
    model: ModelArgument,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH…",
            help="Image files like those of training, or folders of them, less masks and earlier results.",
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder for masks, overlays, uncertainty and JSON.")
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results that are there already.")
    ] = False,
) -> None:
    """Write a mask, an overlay and a JSON for every image.

    pixelwise predict run photo.jpg more-photos --out results

    The mask is a PNG of the image's own size; a map of uncertainty lies beside it (not for pose). review.csv lists all
    images, first what a human should look at: what is unlike the training images, and where the model expects to be
    wrong or is the least sure. Images are PNG, JPEG, TIFF, WebP, BMP, GIF, NumPy arrays (.npy) and, where pydicom is
    installed, DICOM. Ends with status 1 if there were images among them that could not be predicted.
    """
    from pixelwise.cli.console import Console
    from pixelwise.workflows.predict import predict as predict_images

    with Console() as console:
        predicted = predict_images(model, paths, out, overwrite=overwrite, listener=console)
    print_predicted(console, predicted, out)
