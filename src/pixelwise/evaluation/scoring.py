"""A Predictor's scores on labelled images."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelwise._version import __version__
from pixelwise.data.dataset import Dataset
from pixelwise.data.masks import stored_values
from pixelwise.errors import DataError
from pixelwise.evaluation.believed import ConfidenceScores
from pixelwise.evaluation.confidence import Believed, believed_of, confidence_scores
from pixelwise.evaluation.intervals import UNKNOWN, interval, percentiles, quantile_interval, resamples
from pixelwise.evaluation.schema import ClassScores, Group, ImageRow, Metrics, Score
from pixelwise.evaluation.units import Units, count_of, ratio_by_unit, renumbered, units_of
from pixelwise.evaluation.unseen import FITTED_HERE, group_note
from pixelwise.labels import Labels
from pixelwise.metrics import METRICS, Ratio, summarise
from pixelwise.prediction import Prediction, Predictor, Segmenter
from pixelwise.tasks import AnyTask, PoseTask
from pixelwise.types import Label, Pixels, Sample, Size, Spacing

DRAWS = 400
"""Resamples for scores that are counted anew for each."""
MOST_GROUPS = 20
"""A tag of more values than that (a patient's number, an age) is kept with the images but not made into groups."""


@dataclass(frozen=True)
class Scored:
    """One image with its truth, what the model said, the rows that its scores derive from by task name, and its mm.

    Attributes:
        by: what predicted it.
    """

    sample: Sample
    image: Pixels
    truth: Label
    prediction: Prediction
    rows: Mapping[str, Any]
    by: Segmenter
    spacing: Spacing | None = None


@dataclass(frozen=True)
class _Kept:
    sample: Sample
    size: Size
    rows: Mapping[str, Any]
    spacing: Spacing | None
    believed: Believed | None


By = Callable[[Sample], Segmenter]
"""What predicts a sample, where that is not the same for all."""


def score_images(predictor: Segmenter, dataset: Dataset, by: By | None = None) -> Iterator[Scored]:
    """Predict and score every sample, one at a time, at the image's own size.

    Args:
        by: what predicts each sample, by the same tasks, instead of ``predictor``.
    """
    for sample in dataset.samples:
        image, truth = dataset.read(sample)
        model = by(sample) if by else predictor
        prediction = model.predict(image)
        spacing = dataset.spacing(sample)
        rows = {
            name: task.full_row(prediction[name], truth, spacing) for name, task in predictor.tasks.items()
        }
        yield Scored(sample, image, truth, prediction, rows, model, spacing)


def evaluate(
    predictor: Segmenter,
    dataset: Dataset,
    split: str,
    *,
    notes: Sequence[str] = (),
    on_image: Callable[[Scored], None] = lambda scored: None,
    by: By | None = None,
    in_sample: bool = False,
) -> Metrics:
    """Scores of ``predictor`` over all samples of ``dataset``.

    Args:
        split: name of the split that the samples are of, for the record.
        notes: what a reader must know to judge the scores.
        on_image: called with every image after it is scored.
        by: what predicts each sample instead, by the same tasks: the model that never saw it, say.
        in_sample: whether the model's confidence was fitted on these samples.

    Raises:
        DataError: no samples, classes or pixels that differ from the model's, or a file that cannot be read.
    """
    if not dataset.samples:
        raise DataError(f"{dataset.root} has no images in the split '{split}'; choose another with --split.")
    dataset = labelled_like(predictor, dataset)
    predictor.check_format(dataset.pixel_format, dataset.root)
    kept: list[_Kept] = []  # no pixels: thousands of images do not fit into memory, their rows do
    for scored in score_images(predictor, dataset, by):
        on_image(scored)
        believed = _believed(scored)
        kept.append(_Kept(scored.sample, scored.prediction.size, scored.rows, scored.spacing, believed))
    samples = [one.sample for one in kept]
    rows = {name: [one.rows[name] for one in kept] for name in predictor.tasks}
    units = units_of([sample.tags for sample in samples], dataset.group)
    confidence = _confidence(kept, units, in_sample=in_sample)
    fitted_here = FITTED_HERE if confidence is not None and confidence.in_sample else None
    together = group_note(dataset.group, units)
    return Metrics(
        pixelwise=__version__,
        tasks=tuple(predictor.tasks),
        headline=next(iter(predictor.tasks.values())).headline,
        data=dataset.root.resolve().name,
        split=split,
        n_images=len(kept),
        scores=scores_of(predictor.tasks, rows, units),
        classes={name: _class_scores(task, rows[name], units) for name, task in predictor.tasks.items()},
        tags=_tag_groups(predictor.tasks, samples, rows, units),
        images=tuple(_image_row(predictor.tasks, dataset, one) for one in kept),
        settings={task: dict(values) for task, values in predictor.settings.items()},
        confidence=confidence,
        group=dataset.group if together else None,
        notes=(*notes, *(said for said in (fitted_here, together) if said is not None)),
    )


def _believed(scored: Scored) -> Believed | None:
    """What the word of the model that predicted an image is worth on it; None where it says nothing."""
    predictor = scored.by
    if not (isinstance(predictor, Predictor) and predictor.confidence is not None and predictor.classified):
        return None
    if scored.prediction.uncertainty is None:  # predicted in windows
        return None
    name = predictor.classified
    task, result = predictor.tasks[name], scored.prediction[name]
    score = task.headline_score(scored.rows[name])
    return believed_of(scored.prediction, result.probs, scored.truth, score, predictor.confidence, name)


def _confidence(kept: Sequence[_Kept], units: Units, *, in_sample: bool) -> ConfidenceScores | None:
    told = [at for at, one in enumerate(kept) if one.believed is not None]
    rows = [one.believed for one in kept if one.believed is not None]
    return confidence_scores(rows, renumbered(units[told]), in_sample=in_sample) if rows else None


def labelled_like(predictor: Segmenter, dataset: Dataset) -> Dataset:
    """``dataset`` with the model's classes, if it has the same ones or, where it lists what occurs, some of them.

    Names of two classes may differ: the lesion of one set is the object of another. Of more classes, and of joints,
    the names tell which is which, whatever their order.

    Raises:
        DataError: the data has other classes or joints than the model.
    """
    for task in predictor.tasks.values():
        if isinstance(task, PoseTask) and dataset.skeleton is not None:
            dataset = dataset.jointed_like(task.skeleton)
        ours, theirs = task.labels, dataset.labels
        of_some = dataset.inferred or dataset.occurring
        fits = ours.num_classes >= theirs.num_classes if of_some else ours.num_classes == theirs.num_classes
        if ours.is_binary != theirs.is_binary and not (of_some and theirs.is_binary):
            fits = False
        if dataset.inferred and theirs.is_binary and not ours.is_binary and not _holds_ids(dataset):
            fits = False
        if not fits:
            raise DataError(
                f"{dataset.root} has {theirs.num_classes} classes but the model knows {ours.num_classes}; "
                "use data that is labelled like its training data."
            )
        dataset = _numbered_like(ours, dataset)
    return dataset


def _holds_ids(dataset: Dataset) -> bool:
    """Whether an inferred pair of classes is stored as ids, 0 and 1; 255 beside 0 alone is an object, no class."""
    if dataset.coding is not None:  # it says of 255 what it is
        return True
    masks = (sample.labels["mask"] for sample in dataset.samples if "mask" in sample.labels)
    return not any(255 in stored_values(mask) for mask in masks)


def _numbered_like(ours: Labels, dataset: Dataset) -> Dataset:
    """The data set with the model's class ids."""
    theirs = dataset.labels
    by_number = not dataset.occurring or ours.num_classes == theirs.num_classes
    nameless = by_number and ours.classes == tuple(f"class {i}" for i in range(ours.num_classes))
    if dataset.inferred or nameless or ours.is_binary or theirs.classes == ours.classes:
        return replace(dataset, labels=ours)
    unknown = [name for name in theirs.classes if name not in ours.classes]
    if unknown:
        raise DataError(
            f"{dataset.root} has the class '{unknown[0]}', which the model does not know ({', '.join(ours.classes)}); "
            "name the classes as they were named in training."
        )
    numbers = {number: ours.classes.index(name) for number, name in enumerate(theirs.classes)}
    if dataset.source is not None:
        return replace(dataset, labels=ours, numbers=numbers)
    coding = dataset.mask_coding
    ids = {value: numbers.get(class_id, class_id) for value, class_id in coding.ids.items()}
    return replace(dataset, labels=ours, coding=replace(coding, ids=MappingProxyType(ids)))


def scores_of(
    tasks: Mapping[str, AnyTask], rows: Mapping[str, Sequence[Any]], units: Units
) -> dict[str, Score]:
    """Scores with intervals by metric name, from the rows of images by task name and the images' units."""
    found: dict[str, Score] = {}
    for name, task in tasks.items():
        for metric, score in _scores(task.ratios(rows[name]), units).items():
            # Two tasks may share a metric; the second one's then carries its task's name.
            found[metric if metric not in found else f"{name}.{metric}"] = score
        for metric, score in _whole_scores(task, rows[name], units).items():
            found[metric if metric not in found else f"{name}.{metric}"] = score
    return found


def _whole_scores(task: AnyTask, rows: Sequence[Any], units: Units) -> dict[str, Score]:
    """Scores that only all images together have."""
    names, scored = task.whole_scores(rows)
    if not names:
        return {}
    values = scored(np.ones(len(rows)))
    drawn = np.array([scored(draw) for draw in _image_draws(units)])
    nothing = dict.fromkeys(("median", "p5", "p95", "worst"), math.nan)
    found = {}
    for at, (name, value) in enumerate(zip(names, values, strict=True)):
        within = percentiles(drawn[:, at]) if count_of(units) > 1 else UNKNOWN
        found[name] = Score(
            value=value, mean=value, ci95=within, pooled=value, pooled_ci95=within, n_undefined=0, **nothing
        )
    return found


def _image_draws(units: Units) -> NDArray[np.float64]:
    """(DRAWS, N) how often each image is drawn, with all others of its unit."""
    return resamples(count_of(units))[:DRAWS, units]


def _scores(ratios: Mapping[str, Ratio], units: Units) -> dict[str, Score]:
    draws = resamples(count_of(units))
    return {name: _score(name, ratio, units, draws) for name, ratio in ratios.items()}


def _score(name: str, ratio: Ratio, units: Units, draws: NDArray[np.float64]) -> Score:
    metric, summary = METRICS[name], summarise(name, ratio)
    by_image, within = ratio.by_image(), metric.highest
    pooled = interval(ratio_by_unit(ratio, units), draws, within) if metric.pooled else UNKNOWN
    of_images = ratio_by_unit(ratio.of_images(), units)
    median, p5, p95 = (quantile_interval(by_image, share, within, units) for share in (0.5, 0.05, 0.95))
    return Score(
        value=summary["pooled" if metric.of_objects else "mean"],
        **summary,
        median_ci95=median,
        p5_ci95=p5,
        p95_ci95=p95,
        ci95=pooled if metric.of_objects else interval(of_images, draws, within),
        pooled_ci95=pooled,
        unit=metric.unit,
        lower_is_better=metric.lower_is_better,
    )


def _class_scores(task: AnyTask, rows: Sequence[Any], units: Units) -> tuple[ClassScores, ...]:
    scored, of_classes = task.class_scores(rows), task.class_ratios(rows)
    drawn = task.class_resamples(rows, _image_draws(units))
    found = []
    for at, (name, scores, pixels) in enumerate(scored):
        over_images = _scores({metric: ratio.one_class(at) for metric, ratio in of_classes.items()}, units)
        within = {metric: percentiles(values[:, at]) for metric, values in drawn.items()}
        within |= {metric: one.pooled_ci95 for metric, one in over_images.items()}
        found.append(
            ClassScores(
                name=name,
                scores=scores,
                ci95={metric: within[metric] for metric in scores},
                support=pixels,
                over_images=over_images,
            )
        )
    return tuple(found)


def _tag_groups(
    tasks: Mapping[str, AnyTask],
    samples: Sequence[Sample],
    rows: Mapping[str, Sequence[Any]],
    units: Units,
) -> dict[str, dict[str, Group]]:
    groups: dict[str, dict[str, Group]] = {}
    for tag in sorted({tag for sample in samples for tag in sample.tags}):
        values = sorted({sample.tags[tag] for sample in samples if tag in sample.tags})
        if len(values) > MOST_GROUPS:
            continue
        groups[tag] = {}
        for value in values:
            members = [index for index, sample in enumerate(samples) if sample.tags.get(tag) == value]
            theirs = {name: [task_rows[index] for index in members] for name, task_rows in rows.items()}
            scores = scores_of(tasks, theirs, renumbered(units[members]))
            groups[tag][value] = Group(n_images=len(members), scores=scores)
    return groups


def _image_row(tasks: Mapping[str, AnyTask], dataset: Dataset, kept: _Kept) -> ImageRow:
    sample = kept.sample
    scores: dict[str, float] = {}
    for name, task in tasks.items():
        for metric, value in task.image_scores(kept.rows[name]).items():
            scores[metric if metric not in scores else f"{name}.{metric}"] = value
    path = (
        sample.image.relative_to(dataset.root) if sample.image.is_relative_to(dataset.root) else sample.image
    )
    return ImageRow(
        name=sample.name,
        image=path.as_posix(),
        size=kept.size,
        mm_per_pixel=kept.spacing,
        split=sample.split,
        tags=dict(sample.tags),
        scores=scores,
        counts={name: task.row_json(kept.rows[name]) for name, task in tasks.items()},
        confidence=None if kept.believed is None else kept.believed.to_row(),
    )
