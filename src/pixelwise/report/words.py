"""What the figures of a run mean, in sentences: each of them follows from ``metrics.json`` alone."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pixelwise.evaluation.intervals import FEW
from pixelwise.evaluation.numbers import Estimate
from pixelwise.evaluation.schema import OUT_OF_FOLD, BaselineScores, Group, Metrics, Score
from pixelwise.evaluation.unseen import SPLIT_NOTES
from pixelwise.metrics import METRICS
from pixelwise.report.templates import (
    images_text,
    listed,
    mean_text,
    metric_text,
    readable_text,
    score_text,
    signed_span_text,
    span_text,
    value_text,
    value_within_text,
    within_text,
)


def score_sentence(metrics: Metrics) -> str:
    """The headline score with its interval, for people who read no tables."""
    score = metrics.scores.get(metrics.headline)
    if score is None or math.isnan(score.value):
        return "No image could be scored."
    scored = metrics.n_images - score.n_undefined
    about = images_text(scored, metrics.split)
    begin = f"The {mean_text(metrics.headline)} of {about} is {score_text(score.value)}"
    if scored < 2:
        return f"{begin}; one image says nothing of the next, so there is no interval."
    if math.isnan(score.ci95[0]):
        return f"{begin}; all share one value of “{metrics.group}”, so there is no interval."
    if score.ci95[0] == score.ci95[1]:
        return (
            f"{begin}, the same of each; the interval has no width then, which says little of other images."
        )
    low, high = map(score_text, score.ci95)
    others = (
        f"images of as many other values of “{metrics.group}”" if metrics.group else "as many other images"
    )
    return f"{begin}. On {others} of the same kind it may well be anything from {low} to {high}."


def ends_sentence(metric: str) -> str:
    """What 0 and 1 of a headline mean."""
    known = METRICS.get(metric.rpartition(".")[2])
    if known is not None and known.of_people:
        return "0 is none of it, 1 is all of it."
    return "0 is nothing in common, 1 is the same."


def over_text(metrics: Metrics) -> str:
    """What the scores are taken over: "Mean over images", objects of all together, or of which metrics that is so."""
    known = {
        name: METRICS[metric] for name in metrics.scores if (metric := name.rpartition(".")[2]) in METRICS
    }
    counted = [name for name, metric in known.items() if metric.of_objects]
    if not counted:
        return "Mean over images"
    if len(counted) == len(known):
        people = all(metric.of_people for metric in known.values())
        return f"{'Joints and people' if people else 'Objects'} of all images together"
    return f"Mean over images; {listed([metric_text(name) for name in counted])} of all images together"


def spread_sentence(metrics: Metrics) -> str | None:
    """Median, bad end and worst of the images; None where that says nothing."""
    score = metrics.scores.get(metrics.headline)
    if score is None or math.isnan(score.value) or metrics.n_images - score.n_undefined < 3:
        return None
    half = value_within_text(score.median, score.median_ci95, score.unit)
    bad = value_within_text(score.bad_end, score.bad_end_ci95, score.unit)
    worst = value_text(score.worst, score.unit)
    more, less = ("less", "more") if score.lower_is_better else ("more", "less")
    return f"Half of the images score {half} or {more}, one in twenty {less} than {bad}; the worst scores {worst}."


def baseline_sentence(metrics: Metrics) -> str | None:
    """What a method without training reaches that was the best where it was chosen; None where none was compared."""
    found = metrics.baseline
    if found is None or metrics.headline not in found.scores:
        return None
    score = found.scores[metrics.headline]
    if math.isnan(score.value):
        return None
    some = "" if found.images is None else f", on {found.n_images} of these images"
    reached = f"reaches {within_text(score.value, score.ci95)}{some}"
    said = f"Without training, {found.title}, {_chosen_text(found, metrics)}, {reached}"
    if found.lead is None:
        return f"{said}."
    return f"{said}. On the same images the model's mean is {_lead_text(found.lead)}."


def _lead_text(lead: Estimate, than: str = "") -> str:
    """How much higher or lower the model is, with the interval of that: the two are of the same pairs of images."""
    way = "higher" if lead.value >= 0 else "lower"
    return f"{abs(lead.value):.3f} {way}{than} ({signed_span_text(lead.ci95, 3)})"


def _chosen_text(found: BaselineScores, metrics: Metrics) -> str:
    """Among how many methods, and on how many images, a method without training was chosen."""
    most, least = len(found.chosen_on), found.tried_on
    other = "" if {row.name for row in metrics.images} & set(found.chosen_on) else "other "
    few = least is None or least == most
    where = f"{'up to ' * (least != most)}{most} {other}image{'s' * (most != 1)}"
    if found.n_methods == 1:
        return f"the only method that was tried, on {where}"
    among = "" if found.n_methods is None else f" among {found.n_methods} methods"
    return f"chosen{among} on {where}" + ("" if few else f" (each saw {least}, the better ones more)")


def ensemble_sentence(metrics: Metrics) -> str | None:
    """What the models of all folds reach as one on the test split; None where nothing was tested."""
    test = metrics.test
    score = None if test is None else test.scores.get(metrics.headline)
    if test is None or score is None or math.isnan(score.value):
        return None
    return (
        "The models of all folds as one, as the model file holds them, reach "
        f"{within_text(score.value, score.ci95)} on {images_text(test.n_images, test.split)}."
    )


def tag_sentences(metrics: Metrics) -> list[str]:
    """For each tag, on which of its values the model does worst and best."""
    found = []
    for tag, groups in metrics.tags.items():
        known = _known(groups, metrics.headline)
        if len(known) < 2:
            continue
        lower = any(score.lower_is_better for _group, score in known.values())
        ranked = sorted(known.items(), key=lambda item: item[1][1].value, reverse=not lower)
        (best, of_best), (worst, of_worst) = ranked[0], ranked[-1]
        found.append(
            f"By {readable_text(tag)}, it does worst on {worst} ({_said(*of_worst)}) "
            f"and best on {best} ({_said(*of_best)})."
        )
    return found


def _known(groups: Mapping[str, Group], metric: str) -> dict[str, tuple[Group, Score]]:
    pairs = {
        value: (group, group.scores[metric]) for value, group in groups.items() if metric in group.scores
    }
    return {value: pair for value, pair in pairs.items() if not math.isnan(pair[1].value)}


def _said(group: Group, score: Score) -> str:
    images = "1 image" if group.n_images == 1 else f"{group.n_images} images"
    few = ", too few to be sure" if group.n_images - score.n_undefined < FEW else ""
    within = "" if math.isnan(score.ci95[0]) or group.n_images < 2 else f", {span_text(score.ci95)}"
    return f"{value_text(score.value, score.unit)}{within}; {images}{few}"


def cautions(metrics: Metrics) -> list[str]:
    """What must be said before anybody relies on the figures.

    Of the split, once: where a note of the run tells it, that note alone. Of few images, of a method without training
    that does better or may do so, and the run's own notes.
    """
    found = []
    if metrics.split in SPLITS_DOUBTED:
        if not SPLIT_NOTES.intersection(metrics.notes):
            found.append(SPLITS_DOUBTED[metrics.split])
    elif metrics.split not in UNSEEN:
        found.append(f"These are the images of “{metrics.split}”, not a test split.")
    score = metrics.scores.get(metrics.headline)
    scored = metrics.n_images - score.n_undefined if score else 0
    if scored < FEW:
        were = "image was" if scored == 1 else "images were"
        found.append(f"Only {scored} {were} scored: the figures, intervals included, are a rough guess.")
    if score is not None and scored > 1 and score.ci95[0] == score.ci95[1]:
        found.append(
            f"All {scored} images score the same: an interval without width says only that none of these differed, "
            "not that no other image would."
        )
    return [*found, *_outdone(metrics), *metrics.notes]


def _outdone(metrics: Metrics) -> list[str]:
    """That a method without training does better on the same images, or that the interval does not rule it out."""
    found = metrics.baseline
    if found is None or found.lead is None or not found.lead.ci95[0] <= 0:
        return []
    said = (
        "A method without training does better"
        if found.lead.ci95[1] < 0
        else "The model is not shown to do better than a method without training"
    )
    more = _lead_text(found.lead, f" than that of {found.title}")
    return [f"{said}: on the same images the model's {mean_text(metrics.headline)} is {more}."]


UNSEEN: Mapping[str, str] = {
    "test": "that took no part in its making",
    OUT_OF_FOLD: "each by the one of several models that had learned nothing from it",
}
"""Splits of images that the scored model has not seen, with what is said of them."""
SPLITS_DOUBTED: Mapping[str, str] = {
    "val": "These are validation images. Weights and settings were chosen on them, so the scores are somewhat too "
    "good; judge the model on test images.",
    "train": "The model was trained on these images. The scores do not tell how it does on new ones.",
    "all": "All images were scored. If some of them served to train the model, the scores are too good.",
}
