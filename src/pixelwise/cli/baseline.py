"""``pixelwise baseline``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from pixelwise.cli.opening import to_check
from pixelwise.cli.options import (
    MAX_SEED,
    CacheOption,
    GroupOption,
    IgnoreOption,
    LayoutOption,
    LegendOption,
    ObjectSide,
    Split,
    SplitsOption,
)
from pixelwise.cli.predicted import print_predicted
from pixelwise.errors import DataError


def baseline(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATA|IMAGE…",
            help="Folder of images and masks, or a CSV that lists them; or images and folders without masks.",
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder for page and scores, or for masks and overlays.")
    ],
    method: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A method, such as watershed; several may be given, else all."),
    ] = None,
    split: Annotated[
        Split | None, typer.Option(help="Images to score: the test split, if there is one.")
    ] = None,
    splits: SplitsOption = None,
    object_side: Annotated[
        ObjectSide | None,
        typer.Option(
            "--object", help="Of images without masks: which side of the outline is the object, else inside."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, metavar="N", help="Random seed.")] = 0,
    layout: LayoutOption = None,
    legend: LegendOption = None,
    ignore: IgnoreOption = None,
    group_by: GroupOption = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results that are there already.")
    ] = False,
    cache: CacheOption = None,
) -> None:
    """Segment without training, by thresholds, edges, graph cuts …

    pixelwise baseline PH2Dataset --splits splits.csv --out without-training

    On labelled DATA of two classes every method's few parameters are chosen on training and validation images; the
    test images are scored into baseline.html and baselines.json. Images without masks get a mask PNG, an overlay and a
    JSON each, by the methods that --method names.
    """
    from pixelwise.cli.console import Console
    from pixelwise.workflows.baseline import baseline as compare_methods
    from pixelwise.workflows.baseline import segment_images
    from pixelwise.workflows.data import holds_labels

    names = method or []
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        raise DataError(f"{missing} does not exist; give a folder of images and masks, or images.")
    if layout is None and not (len(paths) == 1 and holds_labels(paths[0])):
        of_labels = {
            "--split": split,
            "--splits": splits,
            "--legend": legend,
            "--ignore": ignore,
            "--group-by": group_by,
        }
        _refuse(of_labels, "images without masks")
        with Console() as console:
            console.say("Pictures without labels: they are segmented, and nothing is scored.")
            predicted = segment_images(
                paths,
                out,
                methods=names,
                side=(object_side or ObjectSide.inside).value,
                seed=seed,
                overwrite=overwrite,
                listener=console,
            )
        print_predicted(console, predicted, out)
        return
    _refuse({"--object": object_side}, "images with masks, which tell the object")
    looker, dataset = to_check(
        cache=cache,
        data=paths[0],
        splits=splits,
        layout=layout,
        legend=legend,
        ignore=ignore,
        group_by=group_by,
    )
    with Console() as console:
        found = compare_methods(
            dataset,
            out,
            methods=names,
            split=None if split is None else split.value,
            seed=seed,
            overwrite=overwrite,
            looker=looker,
            listener=console,
        )
    console.print_baselines(found)


def _refuse(options: Mapping[str, object], images: str) -> None:
    """Raise :class:`DataError` where an option is given that does not apply to what was given."""
    for name, value in options.items():
        if value is not None:
            raise DataError(f"{name} does not apply to {images}; leave it out.")
