"""The page: complete, well-formed, harmless and self-contained, whatever the data."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from markupsafe import Markup
from tests.report.pages import (
    HOSTILE,
    LESION,
    Checker,
    exhibit,
    log,
    metrics,
    of_cells,
    of_objects,
    page,
    score,
)

from pixelwise.checks import Check
from pixelwise.checks.finding import Place, gather
from pixelwise.evaluation.schema import Group
from pixelwise.labels import Labels
from pixelwise.report import Making, Section, TaskPart, semantic_part, write_report


def test_the_page_says_what_the_metrics_say(tmp_path: Path) -> None:
    dice = {f"IMD{i:03}": (75 + i) / 100 for i in range(20)}
    tags = {name: "melanoma" if i < 5 else "common nevus" for i, name in enumerate(dice)}
    text = page(
        tmp_path / "report.html",
        metrics(dice, tags=tags, notes=("Two images are nearly the same.",)),
        log=log(6),
        exhibits={"worst": [exhibit("IMD000", 0.75)], "best": [exhibit("IMD019", 0.94)]},
        recipe='encoder = "efficientnet-lite0"',
        commands=["pixelwise train moles --out run"],
        facts={"Parameters": "3.6 million"},
    )
    assert '<div class="hero-number">0.845</div>' in text
    assert "mean Dice of 20 test images" in text
    for said in (
        "0.750–0.940",
        "0.777",
        "0.700–0.800",
        "melanoma",
        "common nevus",
        "Two images are nearly the same.",
    ):
        assert said in text
    for said in (
        "best 0.880",
        "Parameters",
        "3.6 million",
        'pixelwise train moles <span class="nowrap">--out</span> run',
        "efficientnet-lite0",
    ):
        assert said in text
    assert all(f"{name}: Dice {value:.3f}" in text for name, value in dice.items())
    assert "15 of 20 images score below 0.9, 5 below 0.8, 0 below 0.7." in text
    # Five melanomas are few: the interval is drawn, and doubted.
    assert '<td class="num" data-label="Images">5*</td>' in text
    assert '<td class="num" data-label="Images">15</td>' in text


def test_hostile_names_are_harmless(tmp_path: Path) -> None:
    dice = dict.fromkeys(HOSTILE, 0.5)
    text = page(
        tmp_path / "r.html",
        metrics(
            dice,
            tags={name: name for name in HOSTILE},
            notes=tuple(HOSTILE),
            classes=HOSTILE,
            split=HOSTILE[0],
        ),
        title=HOSTILE[0],
        labels=Labels(classes=tuple(HOSTILE), background=None),
        exhibits={HOSTILE[1]: [exhibit(name) for name in HOSTILE]},
        recipe="</code></pre><script>",
        commands=list(HOSTILE),
        facts={name: name for name in HOSTILE},
    )
    assert text.count("<script") == 1, "the page's own"
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<b>bold" not in text
    assert "ภาพรอยโรคผิวหนัง" in text
    assert "{{ 7 * 7 }}" in text


@pytest.mark.parametrize(
    "dice",
    [{"a": 0.9}, {"a": math.nan}, {"a": 0.9, "b": math.nan}, {}],
    ids=["one", "undefined", "mixed", "none"],
)
def test_few_images_make_a_page_that_says_so(tmp_path: Path, dice: dict[str, float]) -> None:
    tags = dict.fromkeys(dice, "melanoma")
    text = page(tmp_path / "r.html", metrics(dice, tags=tags), log=log(1), exhibits={"worst": []})
    n = sum(not math.isnan(value) for value in dice.values())
    assert f"Only {n} image" in text
    assert ("No image could be scored." in text) == (n == 0)
    assert 'class="range"' not in text, "one image has no interval"
    assert "0.900–0.900" not in text
    assert not re.search(r'="[^"]*\b(nan|inf)\b', re.sub('aria-label="[^"]*"', "", text))


def test_images_are_listed_worst_first_and_undefined_last(tmp_path: Path) -> None:
    text = page(tmp_path / "r.html", metrics({"good": 0.9, "none": math.nan, "bad": 0.1}))
    table = text[text.index("sortable images") :]
    listed = re.findall(r'<tr><th scope="row"><bdi class="name">(\w+)</bdi>', table)
    assert listed == ["bad", "good", "none"]


@pytest.mark.parametrize(
    ("split", "warned"),
    [("test", False), ("out_of_fold", False), ("val", True), ("train", True), ("all", True)],
)
def test_scores_on_other_than_test_images_carry_a_warning(tmp_path: Path, split: str, warned: bool) -> None:
    text = page(tmp_path / "r.html", metrics({f"i{i}": 0.85 + 0.1 * (i % 2) for i in range(20)}, split=split))
    assert ("Before you rely on these figures" in text) == warned


def test_an_evaluation_alone_has_no_curves_and_one_class_no_class_table(tmp_path: Path) -> None:
    text = page(tmp_path / "r.html", metrics({"a": 0.9}))
    assert 'id="training"' not in text
    assert "mask-classes" not in text


def test_several_classes_have_a_table_and_named_outlines(tmp_path: Path) -> None:
    labels = Labels(classes=("road", "car", "tree"), background=None)
    found = metrics({"a": 0.9}, classes=labels.classes)
    text = page(tmp_path / "r.html", found, labels=labels, exhibits={"worst": [exhibit("a", label=2)]})
    assert 'id="mask-classes"' in text
    assert text.count('d="M0 0h3v4h-3z"><title>tree</title>') == 1, "an outline of the truth"
    assert re.search(r'fill="#[0-9a-f]{6}" d="M0 0h2v4h-2z"><title>tree</title>', text), "a tinted prediction"
    assert "of the truth missed" not in text


def test_bars_of_tags_are_drawn_at_the_score_that_their_intervals_are_of(tmp_path: Path) -> None:
    kinds = {"long": of_objects(0.7, 0.66, 0.74, 0.3), "round": of_objects(0.5, 0.46, 0.54, 0.9)}
    text = page(tmp_path / "r.html", of_cells(metrics({f"i{i}": 0.9 for i in range(24)}), kinds))
    assert 'aria-label="0.700, 95% interval 0.660 to 0.740"' in text
    assert 'aria-label="0.500, 95% interval 0.460 to 0.540"' in text
    assert "the dot the PQ; the thin line is that of all images." in text


def test_a_tag_that_all_images_share_makes_no_table(tmp_path: Path) -> None:
    dice = {"a": 0.9, "b": 0.8}
    pages = [
        page(tmp_path / "r.html", metrics(dice, tags={"a": "nevus", "b": other}))
        for other in ("nevus", "melanoma")
    ]
    assert ["For whom" in text for text in pages] == [False, True]


def test_the_same_input_gives_the_same_page(tmp_path: Path) -> None:
    found = metrics({"a": 0.9, "b": 0.5})
    pages = [
        page(tmp_path / name, found, log=log(3), exhibits={"worst": [exhibit("b")]}) for name in ("1", "2")
    ]
    assert pages[0] == pages[1]


def test_distances_are_shown_in_their_unit_and_by_their_bad_end(tmp_path: Path) -> None:
    found = metrics({"a": 0.9, "b": 0.8}, tags=dict.fromkeys("ab", "melanoma"))
    hd95 = score([4.0, 9.0]).model_copy(
        update={"p95": 8.75, "unit": "px", "lower_is_better": True, "worst": 9.0, "pooled": math.nan}
    )
    groups = {
        "melanoma": Group(n_images=2, scores={**found.scores, "hd95": hd95}),
        "nevus": Group(n_images=0, scores={}),
    }
    text = page(
        tmp_path / "r.html",
        found.model_copy(
            update={"scores": {**found.scores, "hd95": hd95}, "tags": {"diagnosis": groups}},
        ),
    )
    row = text[text.index("HD95<small>0 is perfect") :]
    cells = re.findall(r"[\d.]+ px|n/a", row[: row.index("</tr>")])
    assert cells == ["6.50 px", "6.50 px", "8.75 px", "9.00 px", "n/a"]
    assert '<small class="nowrap">4.00–9.00</small>' in row
    assert "95% of either outline lie within" in text
    assert text.count("6.50 px") == 3, "in the table of scores twice, by diagnosis once"


def test_the_check_the_reasons_and_the_files_of_the_run(tmp_path: Path) -> None:
    found = gather(
        [
            ("mask-numbered", Place(files=("a.png",))),
            *[("image-grey", Place(files=(f"{i}.png",))) for i in range(3)],
        ]
    )
    check = Check(
        pixelwise="1.2.3",
        data="moles",
        layout="paired",
        classes=("background", "lesion"),
        inferred=False,
        n_images=30,
        n_masks=29,
        findings=tuple(found),
    )
    making = Making(
        check=check,
        reasons={"scale": "256×192: masks keep <b>0.998</b> in it"},
        files={"check.html": "findings", "metrics.json": "scores"},
        commands=["pixelwise train moles"],
        counts={"train": 20, "val": 4, "test": 6},
    )
    path = tmp_path / "r.html"
    dice = metrics({"a": 0.9})
    write_report(
        path, title="Moles", metrics=dice, parts=[semantic_part(dice, "mask", LESION, {})], making=making
    )
    text = path.read_text(encoding="utf-8")
    Checker("check.html", "metrics.json").check(text)
    assert "30 images and 29 masks were looked at. 1 error, 1 note." in text
    assert 'href="check.html#mask-numbered"' in text
    assert '3 places · <a href="check.html#image-grey">' in text
    assert "256×192: masks keep &lt;b&gt;0.998" in text
    assert "20 learned from, 4 chosen and tuned on and 6 tested on" in text


def test_a_page_alone_links_to_no_other_file(tmp_path: Path) -> None:
    page(tmp_path / "r.html", metrics({"a": 0.9}), commands=["pixelwise train"])


def test_weights_are_said_to_be_chosen_only_where_something_was_validated(tmp_path: Path) -> None:
    for rows, validated in ((log(5), True), ([replace(row, val_score=None) for row in log(5)], False)):
        text = page(tmp_path / "r.html", metrics({"a": 0.9}), log=rows)
        assert ("Weights are chosen on validation images" in text) == validated
        assert ("Nothing was validated" in text) == (not validated)


def test_sections_of_other_tasks_stand_in_their_places(tmp_path: Path) -> None:
    sections = [Section("a1", "Failures there", "failures", Markup("<p>one</p>"))]
    sections += [Section("a2", "Evidence there", "evidence", Markup("<p>two</p>"))]
    other = TaskPart(asked="counts cells", gives="a number", sections=sections, limits=["Nothing beyond 9."])
    text = page(tmp_path / "r.html", metrics({"a": 0.9}), parts=[other])
    places = [
        text.index(part) for part in ('id="fails"', "<p>one</p>", 'id="scores"', "<p>two</p>", 'id="made"')
    ]
    assert places == sorted(places)
    assert "finds the class lesion in images, pixel by pixel and counts cells" in text
    card = text[text.index('id="card"') :]
    assert "It gives a number." in card
    assert "Nothing beyond 9." in card


def test_many_images_are_listed_in_part_and_drawn_as_a_histogram(tmp_path: Path) -> None:
    text = page(tmp_path / "r.html", metrics({f"i{i}": (i % 100) / 100 for i in range(1200)}))
    assert text.count('<th scope="row"><bdi class="name">i') == 500
    assert "The 500 worst;" in text
    assert "of 1,200</title></rect>" in text
    assert len(text) < 200_000


def test_twenty_classes_make_a_page(tmp_path: Path) -> None:
    labels = Labels(classes=tuple(f"kind {i}" for i in range(20)), background=None)
    overlap = np.zeros((20, 20), int)
    overlap[3, 3], overlap[3, 7], overlap[4, 4] = 60, 20, 10
    found = metrics({"a": 0.9}, classes=labels.classes)
    row = found.images[0].model_copy(update={"counts": {"mask": {"overlap": overlap.tolist()}}})
    shown = {"worst": [exhibit("a", label=3)]}
    text = page(
        tmp_path / "r.html", found.model_copy(update={"images": (row,)}), labels=labels, exhibits=shown
    )
    assert "finds 20 classes (kind 0, kind 1," in text
    assert "25% of <bdi>kind 3</bdi> for <bdi>kind 7</bdi>." in text
    assert text.count('<td class="share') == 400
    assert "how well it is found is not known" in text
    assert len(set(re.findall(r'class="chip" style="background: (#\w+)"', text))) == 20
