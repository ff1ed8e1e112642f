"""The command line. Commands are thin; what they do is in ``workflows``, imported where it is used."""

from __future__ import annotations

import time

STARTED = time.monotonic()  # the budget counts from here, before anything heavy is imported

import io  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from enum import StrEnum  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import TYPE_CHECKING, Annotated, Any  # noqa: E402

import typer  # noqa: E402

from pixelwise._version import __version__  # noqa: E402
from pixelwise.cli.converting import convert  # noqa: E402
from pixelwise.cli.leaving import INTERRUPTED, MESSAGE, leaving_at_once  # noqa: E402
from pixelwise.cli.outputs import check_json, check_page  # noqa: E402
from pixelwise.cli.several import command_taking_several  # noqa: E402
from pixelwise.errors import PixelwiseError  # noqa: E402

if TYPE_CHECKING:
    from pixelwise.checks import Looker
    from pixelwise.cli.console import Console
    from pixelwise.data.dataset import Dataset
    from pixelwise.workflows.writing import Predicted

# Read when PyTorch is loaded: threads that wait for each other sleep. By default they spin, and beside another program
# that wants the processor a step then takes several times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

UsageError: type[Exception] = typer.BadParameter.__bases__[0]
"""What typer raises for the words of a command; it has no public name of its own."""
USER_ERROR = 2
FOUND_ERRORS = 1
MAX_SEED = 2**31 - 1
MAX_FOLDS = 20

app = typer.Typer(
    name="pixelwise",
    help="From a folder of images and labels to a segmentation model that its owner can trust.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


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
LayoutOption = Annotated[
    str | None,
    typer.Option(
        help="How DATA is laid out: ph2, mads, camvid, pennfudan, instances, coco, coco_keypoints, yolo, labelme, "
        "table or paired; recognised if not given."
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
        help="What to learn: semantic, instance (objects told apart), panoptic (and stuff beside them), pose "
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
        help="What belongs together and is kept in one split: a tag (patient), or a pattern of names.",
    ),
]
CacheOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder for what is decoded and learned of files; the system's cache folder if not given."
    ),
]
BudgetOption = Annotated[str | None, typer.Option(help="Time for everything, such as 90s, 5m or 1h30m.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pixelwise {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command()
def check(
    data: DataArgument,
    splits: SplitsOption = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--with",
            metavar="RUN",
            help="Rank labels by how far predictions contradict them: of a run that was trained with --folds, each by "
            "the model that never saw the image.",
        ),
    ] = None,
    page: Annotated[
        Path, typer.Option(metavar="FILE", help="Write the findings with pictures there.")
    ] = Path("check.html"),
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all findings there.")
    ] = None,
    fix: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write a repaired copy into this new folder.")
    ] = None,
    layout: LayoutOption = None,
    legend: LegendOption = None,
    ignore: IgnoreOption = None,
    group_by: GroupOption = None,
    cache: CacheOption = None,
) -> None:
    """Look for faults in DATA: files, pairs, sizes, masks, duplicates, leaks.

    Ends with status 1 if there are errors: those keep the data from being used, or make scores untrue.
    """
    from pixelwise.checks.mend import check_apart, check_free
    from pixelwise.cli.console import Console
    from pixelwise.workflows.check import check as check_data

    check_json(json)
    check_page(page)
    if fix is not None:
        check_free(fix)
    looker, dataset = _to_check(cache, data, splits, layout, legend, ignore, group_by)
    if fix is not None:
        check_apart(dataset, fix)
    with Console() as console:
        checked = check_data(dataset, run=run, looker=looker, listener=console)
        checked.write_page(page)
    if json is not None:
        checked.result.write(json)
    console.print_check(checked.result)
    console.print(f"Pictures of them: {page}")
    if fix is not None:
        mended = checked.mend(fix)
        console.print(
            f"Repaired copy: {fix}: of {mended.total} samples {mended.changed} changed, "
            f"{mended.left_out} left out; changes.csv lists why."
        )
    if checked.result.count("error"):
        raise typer.Exit(FOUND_ERRORS)


@app.command()
def train(
    data: DataArgument,
    out: Annotated[Path, typer.Option(help="New folder for model, recipe, log, metrics and report.")],
    splits: SplitsOption = None,
    task: TaskOption = None,
    joints: JointsOption = None,
    budget: BudgetOption = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the training images, instead of a budget.")
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=MAX_FOLDS,
            help="So many models within the budget, each on all folds of the images but one, which it then scores.",
        ),
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="A recipe.toml; planned from DATA if not given.")
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="segnet, segnet-upsampling, unet or fcn, from scratch; or decoder:encoder, such as "
            "fpn:efficientnet-lite1.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A setting of the recipe, such as train.batch_size=16."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=MAX_SEED, help="Of everything random.")] = None,
    layout: LayoutOption = None,
    legend: LegendOption = None,
    ignore: IgnoreOption = None,
    group_by: GroupOption = None,
    allow_leaks: Annotated[
        bool,
        typer.Option("--allow-leaks", help="Train although given splits leak; metrics and report say so."),
    ] = False,
    compared: Annotated[
        bool,
        typer.Option(
            "--baseline/--no-baseline", help="Score the best method without training beside the model."
        ),
    ] = True,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out that was killed.")
    ] = False,
    cache: CacheOption = None,
) -> None:
    """Train a model on DATA, evaluate it on the test split and write a report.

    Ctrl-C ends training early with a usable model. Without --budget and --epochs it takes 5 minutes.
    """
    from pixelwise.cli.console import Console
    from pixelwise.recipe import parse_setting, read_recipe
    from pixelwise.workflows.preparation import check_words
    from pixelwise.workflows.runfolder import check_free
    from pixelwise.workflows.train import train as train_model

    if not resume:
        check_free(out)
    given = read_recipe(recipe) if recipe else None
    chosen = dict(parse_setting(text) for text in settings or ())
    check_words(network, chosen, task)
    looker, dataset = _to_check(
        cache, data, splits, layout, legend, ignore, group_by, None if joints else task
    )
    with Console() as console:
        run = train_model(
            dataset,
            out,
            recipe=given,
            network=network,
            settings=chosen,
            budget=budget,
            epochs=epochs,
            seed=seed,
            task=task,
            joints=joints,
            folds=folds,
            listener=console,
            resume=resume,
            looker=looker,
            allow_leaks=allow_leaks,
            compared=compared,
            cache=cache,
            started=STARTED,
        )
    console.print_run(run)


@app.command()
def evaluate(
    model: ModelArgument,
    data: DataArgument,
    split: Annotated[Split, typer.Option(help="Which images to score.")] = Split.all,
    splits: SplitsOption = None,
    json: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write all scores there, as in metrics.json."),
    ] = None,
    layout: LayoutOption = None,
    legend: LegendOption = None,
    ignore: IgnoreOption = None,
) -> None:
    """Score MODEL on the labelled images of DATA, at each image's own size."""
    from pixelwise.cli.console import Console
    from pixelwise.workflows.data import open_data
    from pixelwise.workflows.evaluate import evaluate as evaluate_model
    from pixelwise.workflows.evaluate import task_of

    check_json(json)
    task = task_of(model)
    dataset = open_data(data, splits=splits, layout=layout, legend=legend, ignore=ignore, task=task)
    with Console() as console:
        metrics = evaluate_model(model, dataset, split=split.value, listener=console)
    if json is not None:
        metrics.write(json)
    console.print_metrics(metrics)


@app.command(cls=command_taking_several("--against"))
def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN", help="Folders of finished runs, or files that evaluate --json wrote; two or more."
        ),
    ],
    against: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="RUN…",
            help="What the others are compared with: one run, or with --recipe three or more of one recipe. The "
            "first RUN if not given.",
        ),
    ] = None,
    recipe: Annotated[
        bool,
        typer.Option(
            "--recipe",
            help="Compare recipes, not models, from three seeds or more of each. Without --against, runs are put "
            "together whose recipes are the same apart from the seed.",
        ),
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DATA", help="Folder of the images, to show those on which the runs differ most."
        ),
    ] = None,
    page: Annotated[Path, typer.Option(metavar="FILE", help="Write the page there.")] = Path("compare.html"),
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all figures there.")
    ] = None,
    layout: LayoutOption = None,
    legend: LegendOption = None,
    ignore: IgnoreOption = None,
) -> None:
    """Say which of several models, or recipes, is better on the same images, and how sure that is.

    Models: pixelwise compare RUN RUN. Recipes: pixelwise compare --recipe a1 a2 a3 --against b1 b2 b3.
    """
    from pixelwise.cli.console import Console
    from pixelwise.workflows.compare import compare as compare_runs
    from pixelwise.workflows.data import open_data

    check_json(json)
    check_page(page)
    dataset = open_data(data, layout=layout, legend=legend, ignore=ignore) if data is not None else None
    with Console() as console:
        compared = compare_runs(runs, against=against or (), recipes=recipe, data=dataset, listener=console)
    compared.write_page(page)
    if json is not None:
        compared.result.write(json)
    console.print_comparison(compared.result, compared.without)
    console.print(f"Page: {page}")


@app.command()
def predict(
    model: ModelArgument,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH…",
            help="Image files like those of training, or folders of them, less masks and earlier results.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for masks, overlays, uncertainty and JSON.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results that are there already.")
    ] = False,
) -> None:
    """Write a mask PNG at the image's own size, an overlay, a map of uncertainty and a JSON for every image.

    review.csv lists all images, first what a human should look at: what is unlike the training images, and where the
    model expects to be wrong. Images are PNG, JPEG, TIFF, WebP, BMP, GIF, NumPy arrays (.npy) and, where pydicom is
    installed, DICOM. Ends with status 1 if there were images among them that could not be predicted.
    """
    from pixelwise.cli.console import Console
    from pixelwise.workflows.predict import predict as predict_images

    with Console() as console:
        predicted = predict_images(model, paths, out, overwrite=overwrite, listener=console)
    _print_predicted(console, predicted, out)


@app.command()
def baseline(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATA|IMAGE…",
            help="Folder of images and masks, or a CSV that lists them; or images and folders without masks.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for page and scores, or for masks and overlays.")],
    method: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A method, such as watershed; several may be given, else all."),
    ] = None,
    split: Annotated[
        Split | None, typer.Option(help="Images to score: the test split, if there is one.")
    ] = None,
    splits: SplitsOption = None,
    object_side: Annotated[
        ObjectSide,
        typer.Option("--object", help="Of images without masks: which side of the outline is the object."),
    ] = ObjectSide.inside,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Of everything random.")] = 0,
    layout: LayoutOption = None,
    legend: LegendOption = None,
    ignore: IgnoreOption = None,
    group_by: GroupOption = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results that are there already.")
    ] = False,
    cache: CacheOption = None,
) -> None:
    """Segment without training: thresholds, k-means, watershed, graph cuts and more.

    On labelled DATA of two classes every method's few parameters are chosen on training and validation images; the
    test images are scored into baseline.html and baselines.json. Images without masks get a mask PNG, an overlay and a
    JSON each, by the methods that --method names.
    """
    from pixelwise.cli.console import Console
    from pixelwise.workflows.baseline import baseline as compare_methods
    from pixelwise.workflows.baseline import segment_images
    from pixelwise.workflows.data import holds_labels

    names = method or []
    if layout is None and not (len(paths) == 1 and holds_labels(paths[0])):
        with Console() as console:
            console.say("Pictures without labels: they are segmented, and nothing is scored.")
            predicted = segment_images(
                paths,
                out,
                methods=names,
                side=object_side.value,
                seed=seed,
                overwrite=overwrite,
                listener=console,
            )
        _print_predicted(console, predicted, out)
        return
    looker, dataset = _to_check(cache, paths[0], splits, layout, legend, ignore, group_by)
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


@app.command()
def explain(
    network: Annotated[
        str,
        typer.Argument(
            metavar="MODEL|NAME", help="A model file, the folder of a run, or a network: unet, segnet, fcn, …"
        ),
    ],
    image: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Show what every stage makes of this image.")
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a page there; explain.html where an image is given."),
    ] = None,
) -> None:
    """Take a network apart: layers with shapes, parameters, multiply–adds and receptive field.

    Names are those of train --network.
    """
    from pixelwise.cli.console import Console
    from pixelwise.workflows.explain import explain as explain_network

    page = page or (Path("explain.html") if image is not None else None)
    check_page(page)
    with Console() as console:
        explained = explain_network(network, image)
    console.print_explanation(explained)
    if page is not None:
        explained.write_page(page)
        console.print(f"Page: {page}")


app.command()(convert)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="New folder for the drawings and the run.")] = Path(
        "pixelwise-demo"
    ),
    budget: Annotated[str, typer.Option(help="Time for everything.")] = "2m",
    images: Annotated[int, typer.Option(min=12, help="How many pictures to draw.")] = 100,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Of everything random.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier demo.")] = False,
) -> None:
    """Draw pictures of lesions on skin, train on them, evaluate and report."""
    from pixelwise.cli.console import Console
    from pixelwise.workflows.budget import parse_budget
    from pixelwise.workflows.demo import demo as run_demo

    seconds = parse_budget(budget)
    with Console() as console:
        run = run_demo(
            out,
            budget=seconds,
            images=images,
            seed=seed,
            overwrite=overwrite,
            listener=console,
            started=STARTED,
        )
    console.print_run(run)


def _to_check(
    cache: Path | None,
    data: Path,
    splits: Path | None,
    layout: str | None,
    legend: Path | None,
    ignore: str | None,
    group_by: str | None,
    task: str | None = None,
) -> tuple[Looker, Dataset]:
    """The data as it lies, faults and all, and what has begun to look at its files."""
    from pixelwise.checks import Looker
    from pixelwise.data.cache import Cache
    from pixelwise.workflows.data import open_data

    looker = Looker(Cache.at(cache))
    dataset = open_data(
        data,
        splits=splits,
        layout=layout,
        legend=legend,
        ignore=ignore,
        group_by=group_by,
        task=task,
        strict=False,
        values_of=looker.values,
    )
    return looker, dataset


def _print_predicted(console: Console, predicted: Predicted, out: Path) -> None:
    """How many images there are results of; ends with status 1 if there were others."""
    written = len(predicted.written)
    console.print(f"{written} image{'s' * (written != 1)} predicted into {out}.")
    console.print_review(predicted.reviews)
    for refused in predicted.refused:
        typer.echo(f"Not predicted: {refused}", err=True)
    if predicted.refused:
        raise typer.Exit(FOUND_ERRORS)


def _in_a_sentence(error: Any) -> str:
    """What is wrong with the words of a command, and where its options are listed."""
    said = error.format_message().rstrip(".?")
    command = error.ctx.command_path if error.ctx is not None else "pixelwise"
    return f"{said[0].lower()}{said[1:]}; see {command} --help."


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; a mistake of the person gets one sentence on standard error and exit status 2."""
    for stream in (sys.stdout, sys.stderr):
        # A pipe on Windows takes the code page of the country, which lacks most of the world's letters.
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    asked = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        with leaving_at_once():
            # Otherwise typer draws a box around its own errors, with the sentence in the middle.
            status = app(asked, prog_name="pixelwise", standalone_mode=False) or 0
        if status == INTERRUPTED:  # typer makes this of a KeyboardInterrupt
            raise KeyboardInterrupt
        sys.exit(status)
    except UsageError as error:  # an option that there is not, or a value that it cannot have
        typer.echo(f"Error: {_in_a_sentence(error)}", err=True)
        sys.exit(USER_ERROR)
    except PixelwiseError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(USER_ERROR)
    except OSError as error:  # what no room foresaw: no rights, a name too long, a disk that went away
        about = f"{error.filename}: " if error.filename else ""
        typer.echo(
            f"Error: {about}{error.strerror or error}; check the path and your rights to it.", err=True
        )
        sys.exit(USER_ERROR)
    except (KeyboardInterrupt, typer.Abort):  # the latter is what older releases of typer make of it
        typer.echo(MESSAGE, err=True)
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
