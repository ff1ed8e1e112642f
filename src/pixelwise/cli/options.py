"""Arguments and options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

MAX_SEED = 2**31 - 1


class Split(StrEnum):
    """Choices of --split."""

    all = "all"
    train = "train"
    val = "val"
    test = "test"


class ObjectSide(StrEnum):
    """Choices of --object."""

    inside = "inside"
    dark = "dark"
    bright = "bright"


DataArgument = Annotated[
    Path, typer.Argument(metavar="DATA", help="Folder of images and masks, or a CSV that lists them.")
]
ModelArgument = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A model.safetensors, or the folder of its run.")
]
SplitsOption = Annotated[
    Path | None, typer.Option("--splits", metavar="CSV", help="Columns name and split (train, val or test).")
]
DrawnSplitsOption = Annotated[
    Path | None,
    typer.Option(
        "--splits",
        metavar="CSV",
        help="Columns name and split (train, val or test). Drawn and written to the run if not given.",
    ),
]
LayoutOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="How DATA is laid out: ph2, mads, camvid, pennfudan, object_masks, instances, coco, coco_panoptic, "
        "coco_keypoints, yolo, labelme, table or paired; recognised if not given.",
    ),
]
LegendOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="What masks hold: a CSV of name and value, or name and colour, for each class."
    ),
]
IgnoreOption = Annotated[
    str | None, typer.Option(metavar="VALUE", help="What masks hold where nobody labelled, such as 255.")
]
TaskOption = Annotated[
    str | None,
    typer.Option(
        "--task",
        metavar="NAME",
        help="What to learn: semantic, instance (separate objects), panoptic (and stuff beside them), pose "
        "(people's joints), or semantic,pose; what DATA is labelled for if not given.",
    ),
]
JointsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DATA",
        help="Folder of people's joints, learned beside the masks of people in DATA: one model for both.",
    ),
]
GroupOption = Annotated[
    str | None,
    typer.Option(
        "--group-by",
        metavar="TAG",
        help="What belongs together, in splits and in intervals: a tag (patient), or a pattern of names.",
    ),
]
CacheOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Folder for decoded images; the system's cache folder if not given.",
    ),
]
BudgetOption = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Time for everything, such as 90s, 5m or 1h30m."),
]
EpochsOption = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Epochs, instead of a budget."),
]
NetworkOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="segnet, segnet-upsampling, unet or fcn, from scratch; or decoder:encoder, such as "
        "fpn:efficientnet-lite1.",
    ),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting of the recipe, such as train.batch_size=16."),
]
SeedOption = Annotated[int | None, typer.Option(min=0, max=MAX_SEED, metavar="N", help="Random seed.")]
