"""Sentences and model card: every figure in them is one of the metrics."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.report.pages import LESION, metrics, of_cells, of_objects, score

from pixelwise.evaluation.numbers import Estimate
from pixelwise.evaluation.schema import BaselineScores, ClassScores, Metrics
from pixelwise.evaluation.unseen import split_note
from pixelwise.labels import Labels
from pixelwise.report import Making, semantic_part, words
from pixelwise.report.card import model_card
from pixelwise.report.objects import objects_part
from pixelwise.report.semantic import confusion
from pixelwise.report.templates import percent_text


def with_overlaps(found: Metrics, *overlaps: list[list[int]]) -> Metrics:
    images = tuple(
        row.model_copy(update={"counts": {"mask": {"overlap": overlap}}})
        for row, overlap in zip(found.images, overlaps, strict=True)
    )
    return found.model_copy(update={"images": images})


def test_the_score_in_words() -> None:
    found = metrics({"a": 0.8, "b": 0.9, "c": 1.0})
    assert words.score_sentence(found) == (
        "The mean Dice of 3 test images is 0.900. "
        "On as many other images of the same kind it may well be anything from 0.800 to 1.000."
    )
    assert words.spread_sentence(found) == (
        "Half of the images score 0.900 (0.250–0.750) or more, one in twenty less than 0.810 (0.000–0.625); "
        "the worst scores 0.800."
    )
    dice = found.scores["dice"].model_copy(
        update={
            "unit": "px",
            "lower_is_better": True,
            "p95": 12.5,
            "p95_ci95": (11.25, math.nan),
            "median_ci95": (math.nan, math.nan),
        }
    )
    distance = found.model_copy(update={"scores": {"dice": dice}})
    assert words.spread_sentence(distance) == (
        "Half of the images score 0.90 px or less, one in twenty more than 12.50 px (11.25–∞); "
        "the worst scores 0.80 px."
    )
    assert dict(model_card(distance, [], Making()))["Scores"][1] == (
        "Worst image 0.80 px, worst 5% above 12.50 px (11.25–∞)."
    )
    assert "there is no interval" in words.score_sentence(metrics({"a": 0.8, "b": math.nan}))
    of_patients = found.model_copy(update={"group": "patient"})
    assert "On images of as many other values of “patient” of the same kind" in words.score_sentence(
        of_patients
    )
    unknown = found.scores["dice"].model_copy(update={"ci95": (math.nan, math.nan)})
    of_one = of_patients.model_copy(update={"scores": {"dice": unknown}})
    assert words.score_sentence(of_one).endswith(
        "0.900; all share one value of “patient”, so there is no interval."
    )
    assert dict(model_card(of_one, [], Making()))["Scores"][0] == "Mean Dice 0.900 on 3 test images."
    assert words.score_sentence(metrics({"a": math.nan})) == "No image could be scored."
    assert words.spread_sentence(metrics({"a": 0.8})) is None


def test_an_interval_without_width_is_no_promise() -> None:
    found = metrics(dict.fromkeys("abcdefghijkl", 1.0))
    assert words.score_sentence(found) == (
        "The mean Dice of 12 test images is 1.000, the same of each; the interval has no width then, which says little "
        "of other images."
    )
    said = (
        "All 12 images score the same: an interval without width says only that none of these differed, not that no "
        "other image would."
    )
    assert words.cautions(found) == [said]
    assert words.cautions(metrics({**dict.fromkeys("abcdefghijkl", 1.0), "m": 0.99})) == []


def test_what_scores_are_taken_over() -> None:
    found = metrics({"a": 0.8, "b": 0.9})
    one = found.scores["dice"]
    for names, said in (
        (("dice", "nsd"), "Mean over images"),
        (("pq", "ap"), "Objects of all images together"),
        (("pck", "oks_ap", "oks_ar"), "Joints and people of all images together"),
        (("dice", "pck", "oks_ap"), "Mean over images; PCK@0.2 and OKS AP of all images together"),
    ):
        assert words.over_text(found.model_copy(update={"scores": dict.fromkeys(names, one)})) == said
    assert words.ends_sentence("pck") != words.ends_sentence("dice")


def test_tags_name_the_worst_and_the_best_and_say_that_few_are_few() -> None:
    dice = {f"i{i}": 0.9 for i in range(12)} | {"m": 0.5, "n": 0.7}
    tags = {name: "melanoma" if name in "mn" else "nevus" for name in dice}
    assert words.tag_sentences(metrics(dice, tags=tags)) == [
        "By diagnosis, it does worst on melanoma (0.600, 0.500–0.700; 2 images, too few to be sure) "
        "and best on nevus (0.900, 0.900–0.900; 12 images)."
    ]
    assert words.tag_sentences(metrics(dice, tags=dict.fromkeys(dice, "nevus"))) == []


def test_of_objects_the_score_is_told_that_the_interval_is_of() -> None:
    """By single images round cells would be the better ones, and by all of them together long ones are."""
    kinds = {"long": of_objects(0.7, 0.66, 0.74, 0.3), "round": of_objects(0.5, 0.46, 0.54, 0.9)}
    found = of_cells(metrics({f"i{i}": 0.9 for i in range(24)}), kinds)
    assert words.tag_sentences(found) == [
        "By kind, it does worst on round (0.500, 0.460–0.540; 12 images) "
        "and best on long (0.700, 0.660–0.740; 12 images)."
    ]
    assert words.ensemble_sentence(found.model_copy(update={"test": found})) == (
        "The models of all folds as one, as the model file holds them, reach 0.600 (0.550–0.650) on 24 test images."
    )


def test_what_needs_no_training_is_said_with_what_chose_it() -> None:
    found = metrics({"a": 0.9, "b": 0.8})
    other = metrics({"a": 0.7, "b": 0.6})
    baseline = BaselineScores(
        method="otsu",
        title="Otsu's threshold",
        choice={},
        chosen_on=("c", "d", "e"),
        n_images=2,
        images=None,
        scores=other.scores,
    )
    assert words.baseline_sentence(found.model_copy(update={"baseline": baseline})) == (
        "Without training, Otsu's threshold, chosen on up to 3 other images, reaches 0.650 (0.600–0.700)."
    )
    baseline = baseline.model_copy(update={"n_methods": 11, "tried_on": 1})
    led = baseline.model_copy(update={"lead": Estimate(value=0.2, ci95=(-0.01, 0.25))})
    assert words.baseline_sentence(found.model_copy(update={"baseline": led})) == (
        "Without training, Otsu's threshold, chosen among 11 methods on up to 3 other images "
        "(each saw 1, the better ones more), reaches 0.650 (0.600–0.700). "
        "On the same images the model's mean is 0.200 higher (−0.010 to +0.250)."
    )
    some = baseline.model_copy(update={"images": ("a",), "n_images": 1, "chosen_on": ("a",)})
    assert words.baseline_sentence(found.model_copy(update={"baseline": some})) == (
        "Without training, Otsu's threshold, chosen among 11 methods on 1 image, reaches 0.650 (0.600–0.700), "
        "on 1 of these images."
    )
    only = words.baseline_sentence(
        found.model_copy(update={"baseline": some.model_copy(update={"n_methods": 1})})
    )
    assert only is not None
    assert "Otsu's threshold, the only method that was tried, on 1 image, reaches" in only
    assert words.baseline_sentence(found) is None


def test_the_difference_told_is_that_of_pairs_as_its_interval_is() -> None:
    """Of c the method has no score: the model's means of a and b, and of all three, are 0.80 and 0.60."""
    found = metrics({"a": 0.9, "b": 0.7, "c": 0.2})
    baseline = BaselineScores(
        method="otsu",
        title="Otsu's threshold",
        choice={},
        chosen_on=("d",),
        n_images=3,
        images=None,
        scores=metrics({"a": 0.75, "b": 0.65, "c": math.nan}).scores,
        lead=Estimate(value=0.1, ci95=(0.02, 0.18)),
    )
    said = words.baseline_sentence(found.model_copy(update={"baseline": baseline}))
    assert said is not None
    assert said.endswith("On the same images the model's mean is 0.100 higher (+0.020 to +0.180).")


def test_where_a_method_without_training_does_better_or_may_it_is_said() -> None:
    dice = {f"i{number}": 0.5 + 0.02 * number for number in range(12)}  # a mean of 0.610
    found = metrics(dice)

    def said(lead: tuple[float, float, float] | None, other: float = 0.64) -> list[str]:
        baseline = BaselineScores(
            method="otsu",
            title="Otsu's threshold",
            choice={},
            chosen_on=("x",),
            n_images=12,
            images=None,
            scores=metrics(dict.fromkeys(dice, other)).scores,
            lead=None if lead is None else Estimate(value=lead[0], ci95=lead[1:]),
        )
        changed = found.model_copy(update={"baseline": baseline})
        limits = dict(model_card(changed, [], Making())).get("Limits", [])
        assert words.cautions(changed) == limits
        return limits

    assert said((-0.03, -0.05, -0.01)) == [
        "A method without training does better: on the same images the model's mean Dice is 0.030 lower than "
        "that of Otsu's threshold (−0.050 to −0.010)."
    ]
    assert said((-0.001, -0.03, 0.02)) == [
        "The model is not shown to do better than a method without training: on the same images the model's mean Dice "
        "is 0.001 lower than that of Otsu's threshold (−0.030 to +0.020)."
    ]
    assert said((0.03, -0.01, 0.07))[0].startswith("The model is not shown to do better")
    # The means of all images say nothing where the pairs say otherwise, or where nothing is known of pairs.
    assert said((0.03, 0.01, 0.05)) == []
    assert said(None) == []


def test_scores_out_of_fold_are_of_images_unseen_and_no_test_split() -> None:
    dice = {f"i{i}": 0.85 + 0.1 * (i % 2) for i in range(20)}
    found = metrics(dice, split="out_of_fold")
    assert words.cautions(found) == []
    assert words.score_sentence(found).startswith("The mean Dice of 20 images is 0.900.")
    scores = dict(model_card(found, [], Making()))["Scores"][0]
    assert scores.endswith(
        "on 20 images, each by the one of several models that had learned nothing from it."
    )


def test_what_a_note_tells_of_the_split_is_said_once() -> None:
    dice = {f"i{i}": 0.85 + 0.1 * (i % 2) for i in range(20)}
    for split, doubted in (("val", "validation images"), ("train", "trained on these images")):
        [alone] = words.cautions(metrics(dice, split=split))
        assert doubted in alone
        note = split_note(split, validated=True)
        assert note is not None
        assert words.cautions(metrics(dice, split=split, notes=("Leaks were allowed.", note))) == [
            "Leaks were allowed.",
            note,
        ]
        assert len(words.cautions(metrics(dice, split=split, notes=("Leaks were allowed.",)))) == 2
    assert split_note("test", validated=True) is None


def test_confusion_is_the_sum_of_the_images_by_true_class() -> None:
    found = with_overlaps(metrics({"a": 0.9, "b": 0.8}), [[90, 10], [5, 15]], [[50, 50], [0, 0]])
    table = confusion(found, "mask", LESION)
    assert table is not None
    assert table.pixels.tolist() == [[140, 60], [5, 15]]
    assert table.shares.tolist() == [[0.7, 0.3], [0.25, 0.75]]
    assert confusion(metrics({"a": 0.9}), "mask", LESION) is None
    alone = confusion(with_overlaps(metrics({"a": 0.9}), [[9, 1], [0, 0]]), "mask", LESION)
    assert alone is not None
    assert np.isnan(alone.shares[1]).all(), "nothing of it is in the truth"
    assert np.isnan(alone.ci95).all()
    # Of lesions one image tells, of background two; the shares of its row add up to 1, and so do their ends.
    assert np.isnan(table.ci95[1]).all()
    (low, high), (low_other, high_other) = table.ci95[0]
    assert low <= 0.7 <= high
    assert (1 - high, 1 - low) == pytest.approx((low_other, high_other))


def test_every_share_of_the_confusion_has_its_interval() -> None:
    overlaps = [[[90, 10], [5, 15]], [[50, 50], [2, 8]], [[70, 30], [1, 9]]]
    found = with_overlaps(metrics({"a": 0.9, "b": 0.8, "c": 0.7}), *overlaps)
    table = confusion(found, "mask", LESION)
    assert table is not None
    [body] = [
        str(section.body)
        for section in semantic_part(found, "mask", LESION, {}).sections
        if section.title == "Confusion"
    ]
    low, high = table.ci95[0, 1]
    assert low < 90 / 300 < high
    assert f"30% ({percent_text(low)}–{percent_text(high)}) of <bdi>background</bdi> for <bdi>lesion" in body
    for low, high in table.ci95.reshape(-1, 2):
        assert f'<small class="nowrap">{100 * low:.1f}–{100 * high:.1f}</small>' in body


@pytest.mark.parametrize(
    ("overlaps", "said"),
    [
        (
            [[[9, 1], [5, 15]], [[9, 1], [1, 1]]],
            "Every scored image shows lesion: what the model does where there is",
        ),
        (
            [[[9, 1], [5, 15]], [[9, 1], [0, 0]]],
            "1 of 2 images shows no lesion; the model left 0 of them alone.",
        ),
        (
            [[[9, 0], [0, 0]], [[9, 1], [0, 0]]],
            "No scored image shows lesion: how well it is found is not known.",
        ),
    ],
)
def test_limits_follow_from_what_the_images_show(overlaps: list[list[list[int]]], said: str) -> None:
    found = with_overlaps(metrics({"a": 0.9, "b": 0.8}), *overlaps)
    assert any(limit.startswith(said) for limit in semantic_part(found, "mask", LESION, {}).limits)


def test_the_card_holds_facts_of_the_run_and_claims_nothing_else() -> None:
    found = metrics(
        {"a": 0.9, "b": 0.8}, tags={"a": "nevus", "b": "melanoma"}, notes=("Leaks were allowed.",)
    )
    part = semantic_part(found, "mask", LESION, {})
    making = Making(
        takes="RGB of 8 bits", counts={"train": 5, "val": 0, "test": 2}, facts={"Network": "unet"}
    )
    card = dict(model_card(found, [part], making))
    assert card["What it is"][0] == "A model that finds the class lesion in images, pixel by pixel."
    assert card["Intended use"][1] == "It was scored on images of 6 × 4 pixels (width × height)."
    assert card["Data"][0] == "Images of lesions: 5 learned from and 2 tested on."
    assert card["Scores"] == ["Mean Dice 0.850 (0.800–0.900, 95% interval) on 2 test images."]
    assert "Leaks were allowed." in card["Limits"]
    assert (
        "Fewer than 10 images were scored of nevus (1) and melanoma (1): nothing is sure there."
        in card["Limits"]
    )
    bare = dict(model_card(metrics({"a": math.nan}, split="val"), [], Making()))
    assert "What it is" not in bare
    assert bare["Scores"] == ["None: no image could be scored."]
    assert "it was not scored on a test split" in bare["Not for"][-1]


def test_every_number_in_the_findings_has_its_interval() -> None:
    found = metrics({"a": 0.9, "b": 0.8})
    more = {
        "sensitivity": score([0.94, 0.98]),
        "precision": score([0.7, 0.8]),
        "assd": score([4.0, 9.0]).model_copy(update={"unit": "px"}),
    }
    single = found.model_copy(update={"scores": {**found.scores, **more}})
    assert semantic_part(single, "mask", LESION, {}).findings == [
        "Of the true lesion it finds 96% (94%–98%), and of what it calls lesion 75% (70%–80%) is right "
        "(means over images).",
        "The two outlines lie 6.5 (4.0–9.0) pixels apart on average.",
    ]
    rows = (
        ClassScores(name="road", scores={"dice": 0.9}, ci95={"dice": (0.85, 0.95)}, support=9),
        ClassScores(name="car", scores={"dice": 0.6}, support=9),
    )
    several = found.model_copy(update={"classes": {"mask": rows}})
    assert semantic_part(several, "mask", Labels(classes=("road", "car"), background=None), {}).findings == [
        "Of the classes it knows road best, with a pooled Dice of 0.900 (0.850–0.950), and car least, with 0.600."
    ]
    counted = {name: score([0.8, 0.9]) for name in ("f1_50", "count_error", "score_error")}
    objects = found.model_copy(update={"scores": counted, "classes": {"instance": ()}})
    things = Labels(classes=("background", "cell"), things=(1,))
    assert objects_part(objects, "instance", things, {}).findings == [
        "Counted over all images, the F1 score of finding objects is 0.850 (0.800–0.900); the number of objects in an "
        "image is off by 85% (80%–90%) on the whole. The score of a predicted object, the IoU that it expects, is off "
        "by 0.850 (0.800–0.900) on average."
    ]
