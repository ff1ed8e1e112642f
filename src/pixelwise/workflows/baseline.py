"""How far one gets without training: every method over labelled data, or some of them over pictures without labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pixelwise._version import __version__
from pixelwise.baselines import (
    WORKING_SIDE,
    Baseline,
    Choice,
    Example,
    Method,
    ObjectRule,
    ObjectSide,
    choose,
    methods_named,
)
from pixelwise.baselines.comparison import Comparison, MethodScores
from pixelwise.checks import Looker
from pixelwise.data.cache import Cache
from pixelwise.data.dataset import Dataset, SplitChoice
from pixelwise.data.images import image_header
from pixelwise.data.splits import write_splits
from pixelwise.data.valuerange import ValueRange, find_value_range
from pixelwise.errors import DataError, OutputError
from pixelwise.evaluation import evaluate as evaluate_segmenter
from pixelwise.files import check_writable
from pixelwise.labels import Labels
from pixelwise.prediction import viewable
from pixelwise.recipe import Values
from pixelwise.report import choose_exhibits
from pixelwise.report.baselinepage import Shown, write_baselines
from pixelwise.types import SPLITS, PixelFormat, Sample
from pixelwise.workflows.check import check, refuse_errors
from pixelwise.workflows.data import open_data
from pixelwise.workflows.labelled import labelled_for, scored_part
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.preparation import with_splits
from pixelwise.workflows.run import counting
from pixelwise.workflows.runfolder import SPLITS as SPLITS_FILE
from pixelwise.workflows.runfolder import check_holds_no_pairs, make_folder
from pixelwise.workflows.sources import find_sources
from pixelwise.workflows.writing import Predicted, say_left_out, write_results

PAGE = "baseline.html"
NUMBERS = "baselines.json"
CHOOSING = 24
"""Images that parameters are chosen on, spread evenly over those of training and validation."""
BINARY = Labels(classes=("background", "object"))


@dataclass(frozen=True)
class Baselines:
    """What a comparison of methods came to: its folder, and the scores."""

    folder: Path
    comparison: Comparison


def baseline(
    data: Dataset | Path | str,
    out: Path | str,
    *,
    methods: Sequence[str] = (),
    split: SplitChoice | None = None,
    seed: int = 0,
    overwrite: bool = False,
    looker: Looker | None = None,
    listener: Listener | None = None,
) -> Baselines:
    """Choose the free parameters of methods on training and validation images, score them, and write a page.

    Args:
        data: an opened data set of two classes, or a folder for :func:`~pixelwise.workflows.data.open_data`.
        out: folder for ``baseline.html``, ``baselines.json`` and, where splits were drawn, ``splits.csv``.
        methods: by their names; all where none is given.
        split: the images to score; the test split, or the best that there is, where none is named. Images of it
            choose nothing, unless there are no others.
        seed: of what is random in methods, and of splits that are drawn.
        overwrite: replace an earlier comparison in ``out``.

    Raises:
        RecipeError: there is no such method.
        DataError: data with errors, or of other classes than background and one object, or without masks.
        OutputError: ``out`` holds a comparison already, or cannot be written.
    """
    listener, looker = listener or Listener(), looker or Looker(Cache.at(None))
    chosen, folder = methods_named(tuple(methods)), Path(out)
    _check_free(folder, overwrite)
    opened = data if isinstance(data, Dataset) else open_data(data, strict=False, values_of=looker.values)
    check_binary(opened)
    dataset, known = _checked(opened, seed, looker, listener)
    scored, name, some = _scored(dataset, split)
    pool, more = choosing_part(dataset, name)
    notes = [*known, *some, *more]
    make_folder(folder)
    segmenters = _chosen(chosen, dataset, pool, seed, listener)
    scores = _score(segmenters, scored, name, notes, listener)
    comparison = Comparison(
        pixelwise=__version__,
        data=dataset.root.resolve().name,
        split=name,
        n_images=len(scored),
        chosen_on=tuple(sample.name for sample in pool.samples),
        working_side=WORKING_SIDE,
        methods=tuple(sorted(scores, key=lambda one: -_dice(one))),
    )
    if not opened.has_splits():
        write_splits(folder / SPLITS_FILE, dataset)
    comparison.write(folder / NUMBERS)
    by_name = {one.method.name: one for one in segmenters}
    write_baselines(folder / PAGE, comparison, _exhibits(comparison, by_name, scored), notes)
    return Baselines(folder, comparison)


def segment_images(
    paths: Sequence[Path | str],
    out: Path | str,
    *,
    methods: Sequence[str],
    side: ObjectSide = "inside",
    seed: int = 0,
    overwrite: bool = False,
    listener: Listener | None = None,
) -> Predicted:
    """Write mask, overlay and JSON for every image, by methods with their default parameters.

    Args:
        paths: image files, and folders whose images are taken, at any depth.
        out: the folder that results go to; those of several methods go into folders of its own by their names.
        side: what of the two sides is the object.

    Raises:
        RecipeError: there is no such method.
        DataError: no images, or none that can be read.
        OutputError: results are there already, or cannot be written.
    """
    listener, folder = listener or Listener(), Path(out)
    if not methods:
        raise DataError(
            "images without labels choose no method; name one with --method, such as --method otsu."
        )
    chosen = methods_named(tuple(methods))
    found = find_sources([Path(path) for path in paths], folder)
    say_left_out(found, listener)
    ranges = ranges_of([source.path for source in found.sources])
    results = [
        write_results(
            Baseline(method, Choice(method.default, ObjectRule(side)), BINARY, ranges, seed),
            found.sources,
            folder if len(chosen) == 1 else folder / method.name,
            overwrite=overwrite,
            listener=listener,
        )
        for method in chosen
    ]
    return Predicted([path for one in results for path in one.written], results[0].refused)


def check_binary(dataset: Dataset) -> None:
    """Raise :class:`DataError` for data without masks, or of other classes than a background and one object."""
    if not labelled_for(dataset, "semantic").samples or (
        dataset.skeleton is not None and not dataset.has_masks
    ):
        raise DataError(
            f"{dataset.root} has joints but no masks, and methods without training find areas alone; give data with "
            "masks of people."
        )
    if not dataset.labels.is_binary:
        names = ", ".join(dataset.labels.classes)
        raise DataError(
            f"{dataset.root} has {dataset.labels.num_classes} classes ({names}), and methods without training know "
            "object and background alone; make one class of those that matter with --legend."
        )


def choosing_part(dataset: Dataset, split: str) -> tuple[Dataset, list[str]]:
    """Up to ``CHOOSING`` images of training and validation that are not scored, and what is to be noted of them."""
    pool = dataset.where(lambda one: one.split in {"train", "val"} and one.split != split)
    notes = []
    if split == "all":
        notes.append(
            "Some of these images also chose the methods' parameters: their scores are a little too good."
        )
    if not len(pool):
        pool = dataset.where(lambda one: one.split == split)
        notes.append("There are no other images: these also chose the methods' parameters.")
    return pool.evenly(CHOOSING), notes


def read_examples(dataset: Dataset, values: Values, seed: int) -> list[Example]:
    """The small copies of all images and their labels."""
    pairs = (dataset.read(sample) for sample in dataset.samples)
    return [Example.of(viewable(image, values), label.class_map, seed) for image, label in pairs]


def ranges_of(files: Sequence[Path]) -> dict[PixelFormat, Values]:
    """The range of values of each format that occurs among image files; those that cannot be read are left out."""
    by_format: dict[PixelFormat, list[Path]] = {}
    for path in files:
        try:
            by_format.setdefault(image_header(path).pixels, []).append(path)
        except DataError:
            continue  # named where it is to be predicted
    found = {}
    for pixels, members in by_format.items():
        samples = tuple(Sample(str(path), path, {}) for path in members)
        found[pixels] = _values(find_value_range(Dataset(Path(), "files", samples, BINARY)))
    return found


def training_values(dataset: Dataset) -> Values:
    """The range of values of the training images, as a model's recipe has it."""
    return _values(find_value_range(dataset.split("train")))


def _values(found: ValueRange) -> Values:
    return Values(
        channels=found.pixels.channels,
        dtype=found.pixels.dtype,
        minimum=found.minimum,
        maximum=found.maximum,
    )


def _check_free(folder: Path, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; give the name of a folder with --out.")
    check_writable(folder)
    check_holds_no_pairs(folder)
    for name in (PAGE, NUMBERS, SPLITS_FILE):
        if (folder / name).exists() and not overwrite:
            raise OutputError(f"{folder / name} exists already; choose another --out or add --overwrite.")


def _checked(opened: Dataset, seed: int, looker: Looker, listener: Listener) -> tuple[Dataset, list[str]]:
    """The samples, checked as before a training and each in a split, and what is to be noted of them."""
    used = opened.where(lambda one: one.split is not None) if opened.has_splits() else opened
    checked = check(used, looker=looker, listener=listener)
    listener.checked(checked.result)
    notes = refuse_errors(checked, allow_leaks=True)
    return with_splits(checked.subject, seed, listener), notes


def _chosen(
    methods: Sequence[Method], dataset: Dataset, pool: Dataset, seed: int, listener: Listener
) -> list[Baseline]:
    """Every method with the choice that scores best on the images of ``pool``."""
    values = training_values(dataset)
    examples = read_examples(pool, values, seed)
    listener.say(
        f"Choosing: parameters of {len(methods)} method{'s' * (len(methods) != 1)} on {len(examples)} "
        f"image{'s' * (len(examples) != 1)}."
    )
    found = []
    for method in methods:
        choice = choose(method, examples).choice
        listener.say(f"Chosen: {method.title}: {choice_text(choice)}.")
        found.append(Baseline(method, choice, dataset.labels, {values.pixel_format: values}, seed))
    return found


def _scored(dataset: Dataset, split: SplitChoice | None) -> tuple[Dataset, str, list[str]]:
    if split is None:
        scored, name = scored_part(dataset, ("semantic",))
        return scored, name, [] if name == "test" else [f"There is no test split: these are {name} images."]
    scored = dataset.split(split)
    if not len(scored):
        known = ", ".join(one for one in SPLITS if len(dataset.split(one)))
        raise DataError(
            f"{dataset.root} has no images in the split '{split}'; choose among {known} with --split."
        )
    return scored, split, []


def choice_text(choice: Choice) -> str:
    """A choice for people."""
    return ", ".join(
        f"{key} {value if isinstance(value, str) else f'{value:g}'}"
        for key, value in choice.as_json().items()
    )


def _score(
    segmenters: Sequence[Baseline], scored: Dataset, split: str, notes: Sequence[str], listener: Listener
) -> list[MethodScores]:
    on_image, found = counting(listener, len(segmenters) * len(scored)), []
    for segmenter in segmenters:
        metrics = evaluate_segmenter(segmenter, scored, split, notes=notes, on_image=on_image)
        method = segmenter.method
        found.append(
            MethodScores(
                name=method.name,
                title=method.title,
                how=method.how,
                source=method.source,
                choice=segmenter.choice.as_json(),
                seconds=segmenter.seconds / segmenter.images,
                metrics=metrics,
            )
        )
    return found


def _dice(one: MethodScores) -> float:
    mean = one.metrics.scores["dice"].mean
    return -1.0 if math.isnan(mean) else mean


def _exhibits(comparison: Comparison, segmenters: dict[str, Baseline], scored: Dataset) -> list[Shown]:
    """The image that methods find hardest, a middling one and the easiest, by the mean of all methods."""
    totals: dict[str, list[float]] = {}
    for one in comparison.methods:
        for row in one.metrics.images:
            totals.setdefault(row.name, []).append(row.scores["dice"])
    means = {name: sum(values) / len(values) for name, values in totals.items()}
    chosen = choose_exhibits(means, 1)
    words = {"best": "easy", "median": "middling", "worst": "hard"}
    samples = {sample.name: sample for sample in scored.samples}
    shown = []
    for kind, word in words.items():
        for name in chosen[kind]:
            image, truth = scored.read(samples[name])
            first = next(iter(segmenters.values()))
            masks = {key: one.predict(image)["semantic"].label_map for key, one in segmenters.items()}
            shown.append(Shown(name, word, first.viewable(image), truth.class_map, masks))
    return shown
