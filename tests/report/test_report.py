"""The page: complete, well-formed, harmless and self-contained, whatever the data."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from markupsafe import Markup

from pixelwise.checks import Check
from pixelwise.checks.finding import Place, gather
from pixelwise.evaluation.schema import ClassScores, Group, ImageRow, Metrics, Score
from pixelwise.labels import Labels
from pixelwise.report import (
    Drawn,
    Exhibit,
    LogRow,
    Making,
    Section,
    TaskPart,
    choose_exhibits,
    drawn_part,
    semantic_part,
    write_report,
)
from pixelwise.report.templates import page_script, script_digest

LESION = Labels(classes=("background", "lesion"))
VOID = {"meta", "br", "hr", "img", "input", "link"}
HOSTILE = [
    "<script>alert(1)</script>",
    "\"quoted' & <b>bold</b>",
    "ภาพรอยโรคผิวหนัง",
    "x" * 200,
    "{{ 7 * 7 }}",
]


def score(values: Sequence[float]) -> Score:
    known = np.array([value for value in values if not math.isnan(value)])
    n_undefined = len(values) - len(known)
    if not len(known):
        nan, none = math.nan, (math.nan, math.nan)
        return Score(
            mean=nan,
            ci95=none,
            median=nan,
            p5=nan,
            worst=nan,
            pooled=nan,
            pooled_ci95=none,
            n_undefined=n_undefined,
        )
    return Score(
        mean=float(known.mean()),
        ci95=(float(known.min()), float(known.max())),
        median=float(np.median(known)),
        p5=float(np.percentile(known, 5)),
        worst=float(known.min()),
        pooled=0.777,
        pooled_ci95=(0.7, 0.8),
        n_undefined=n_undefined,
    )


def metrics(
    dice: Mapping[str, float],
    *,
    tags: Mapping[str, str] | None = None,
    split: str = "test",
    classes: Sequence[str] = ("lesion",),
    notes: tuple[str, ...] = (),
) -> Metrics:
    """Metrics with Dice and a made-up IoU; ``tags`` gives each image's diagnosis."""
    tags = tags or {}
    groups: dict[str, list[float]] = {}
    for name, value in tags.items():
        groups.setdefault(value, []).append(dice[name])
    return Metrics(
        pixelwise="1.2.3",
        tasks=("mask",),
        headline="dice",
        data="lesions",
        split=split,
        n_images=len(dice),
        scores={
            "dice": score(list(dice.values())),
            "iou": score([value / (2 - value) for value in dice.values()]),
        },
        classes={
            "mask": tuple(
                ClassScores(name=name, scores={"dice": 0.8, "iou": math.nan}, support=9) for name in classes
            )
        },
        tags={"diagnosis": {v: Group(n_images=len(d), scores={"dice": score(d)}) for v, d in groups.items()}}
        if groups
        else {},
        images=tuple(
            ImageRow(
                name=name,
                image=f"{name}.png",
                size=(4, 6),
                split=split,
                tags={"diagnosis": tags[name]} if name in tags else {},
                scores={"dice": value, "iou": value / (2 - value)},
                counts={},
            )
            for name, value in dice.items()
        ),
        settings={"mask": {"threshold": 0.45}},
        notes=notes,
    )


def exhibit(name: str, value: float = 0.5, size: tuple[int, int] = (4, 6), label: int = 1) -> Exhibit:
    """Truth is the left half of the columns, the prediction one column less."""
    truth, predicted = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    truth[:, : size[1] // 2] = label
    predicted[:, : size[1] // 2 - 1] = label
    return Exhibit(name, np.full((*size, 3), 128, np.uint8), truth, predicted, value, {"diagnosis": name})


def log(n: int) -> list[LogRow]:
    return [
        LogRow(i, 10 * i, 60.0 * i, 1 / i, 1e-3, 0.9 - 0.1 / i if i % 2 else None) for i in range(1, n + 1)
    ]


def page(
    path: Path,
    found: Metrics,
    *,
    labels: Labels = LESION,
    exhibits: Mapping[str, Sequence[Exhibit]] = MappingProxyType({}),
    title: str = "Moles",
    log: Sequence[LogRow] = (),
    parts: Sequence[TaskPart] = (),
    **making: Any,
) -> str:
    shown = [semantic_part(found, "mask", labels, exhibits), *parts]
    logs = [log] if log else []
    write_report(path, title=title, metrics=found, parts=shown, logs=logs, making=Making(**making))
    text = path.read_text(encoding="utf-8")
    Checker().check(text)
    return text


class Checker(HTMLParser):
    """Every element is closed in order, ids are unique, nothing is loaded from elsewhere, the only script is ours.

    References lead to places of the page, or to ``beside``, files that lie beside it.
    """

    def __init__(self, *beside: str) -> None:
        super().__init__()
        self.beside = beside
        self.open: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "script" or not attrs
        for key, value in attrs:
            assert not key.startswith("on")
            if key == "id":
                self.ids.append(value or "")
            if key in {"href", "src"}:
                self.references.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)

    def check(self, text: str) -> None:
        self.feed(text)
        self.close()
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))
        assert "".join(self.scripts) in ("", page_script())
        assert (f"script-src 'sha256-{script_digest()}'" in html.unescape(text)) == bool(self.scripts)
        for one in self.references:
            inside = one.startswith("#") and one[1:] in self.ids
            picture = re.match(r"data:image/(jpeg|png);base64,[A-Za-z0-9+/=]+$", one)
            assert inside or picture or one.partition("#")[0] in self.beside, one
        assert not re.search(r"@import|url\(|https?://", text)


@pytest.mark.parametrize(
    ("n", "each", "worst", "median", "best"),
    [
        (0, 4, "", "", ""),
        (1, 4, "a", "", ""),
        (2, 4, "a", "", "b"),
        (3, 4, "a", "b", "c"),
        (5, 4, "ab", "c", "ed"),
        (9, 2, "ab", "de", "ih"),
        (10, 2, "ab", "ef", "ji"),
    ],
)
def test_exhibits_are_worst_median_and_best(n: int, each: int, worst: str, median: str, best: str) -> None:
    scores = {chr(ord("a") + i): i / 10 for i in range(n)}
    expected = {"worst": list(worst), "median": list(median), "best": list(best)}
    assert choose_exhibits(dict(reversed(scores.items())), each=each) == expected


def test_images_without_a_score_are_no_exhibits() -> None:
    assert choose_exhibits({"a": math.nan, "b": 0.5}) == {"worst": ["b"], "median": [], "best": []}


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
        "pixelwise train moles --out run",
        "efficientnet-lite0",
    ):
        assert said in text
    assert all(f"{name}: Dice {value:.3f}" in text for name, value in dice.items())
    assert "15 of 20 images score below 0.9, 5 below 0.8, 0 below 0.7." in text
    # Five melanomas are few: the interval is drawn, and doubted.
    assert '<td class="num" data-label="Images">5*</td>' in text
    assert '<td class="num" data-label="Images">15</td>' in text


def test_outlines_and_mistakes_of_an_exhibit(tmp_path: Path) -> None:
    text = page(tmp_path / "r.html", metrics({"a": 0.8}), exhibits={"worst": [exhibit("a", 0.8)]})
    assert 'd="M0 0h3v4h-3z"' in text
    assert 'd="M0 0h2v4h-2z"' in text
    assert 'fill="var(--missed)" d="M2 0h1v4h-1z"' in text
    assert 'fill="var(--extra)" d=""' in text
    assert "33% of the truth missed; 0% of the prediction outside it" in text
    assert "drawn coarsely" not in text
    assert "no label" not in text


def test_what_nobody_labelled_is_shown_and_not_counted(tmp_path: Path) -> None:
    one = exhibit("a")
    one.truth[:, 2:] = 255
    text = page(tmp_path / "r.html", metrics({"a": 1.0}), exhibits={"worst": [one]})
    assert '<path class="unlabelled" d="M2 0h4v4h-4z"/>' in text
    assert "0% of the truth missed; 0% of the prediction outside it" in text
    assert "Darkened pixels have no label" in text


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
    text = page(tmp_path / "r.html", metrics({f"i{i}": 0.9 for i in range(20)}, split=split))
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


def test_large_images_are_shown_small_with_outlines_at_full_size(tmp_path: Path) -> None:
    many = [exhibit(f"i{i}", size=(1200, 1600)) for i in range(2)]
    text = page(tmp_path / "r.html", metrics({"a": 0.9}), exhibits={"worst": many})
    assert 'viewBox="0 0 1600 1200"' in text
    assert 'd="M0 0h800v1200h-800z"' in text
    assert len(text) < 75_000


def test_a_tag_that_all_images_share_makes_no_table(tmp_path: Path) -> None:
    dice = {"a": 0.9, "b": 0.8}
    pages = [
        page(tmp_path / "r.html", metrics(dice, tags={"a": "nevus", "b": other}))
        for other in ("nevus", "melanoma")
    ]
    assert ["For whom" in text for text in pages] == [False, True]


def test_an_exhibit_whose_parts_differ_in_size_is_refused() -> None:
    one = exhibit("a")
    with pytest.raises(ValueError, match="differ in size"):
        Exhibit("a", one.image, one.truth[1:], one.predicted, 0.5, {})


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
    assert "95 % of either outline lie within" in text
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


def test_a_task_without_outlines_shows_what_it_draws(tmp_path: Path) -> None:
    found = metrics({"a": 0.9, "b": 0.5})
    drawn = {"worst": [Drawn("b", np.zeros((4, 6, 3), np.uint8), 0.5, {"age": "<7>"})], "best": []}
    part = drawn_part(found, "joints", drawn, asked="finds joints", gives="people")
    write_report(tmp_path / "r.html", title="Men", metrics=found, parts=[part])
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    Checker().check(text)
    assert '<figure id="joints-1-1">' in text
    assert "age</bdi>: <bdi>&lt;7&gt;" in text
    assert 'class="toggles"' not in text
    assert "How good is a model that finds joints?" in text


def test_many_images_are_listed_in_part_and_drawn_as_a_histogram(tmp_path: Path) -> None:
    text = page(tmp_path / "r.html", metrics({f"i{i}": (i % 100) / 100 for i in range(1200)}))
    assert text.count('<th scope="row"><bdi class="name">i') == 500
    assert "The 500 worst;" in text
    assert "of 1,200</title></rect>" in text
    assert len(text) < 200_000


def test_the_picture_of_an_image_is_linked_from_its_dot_and_its_row(tmp_path: Path) -> None:
    text = page(tmp_path / "r.html", metrics({"a": 0.9, "b": 0.8}), exhibits={"worst": [exhibit("b")]})
    assert text.count('<a class="shown" href="#mask-1-1" aria-label="b: Dice 0.800">') == 2, (
        "on a wide and a narrow screen"
    )
    assert '<a href="#mask-1-1"><bdi class="name">b</bdi></a>' in text
    assert '<figure id="mask-1-1">' in text


def test_uncertainty_is_a_layer_that_can_be_shown(tmp_path: Path) -> None:
    sure = exhibit("a")
    plain = page(tmp_path / "1.html", metrics({"a": 0.9}), exhibits={"worst": [sure]})
    unsure = replace(sure, uncertainty=np.full((4, 6), 0.5, np.float32))
    text = page(tmp_path / "2.html", metrics({"a": 0.9}), exhibits={"worst": [unsure]})
    body = [one.split("</style>")[1] for one in (plain, text)]
    assert ["uncertainty" in one for one in body] == [False, True]
    assert 'class="show-uncertainty"' in body[1]


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


def test_twelve_pictures_of_a_camera_stay_within_three_megabytes(tmp_path: Path) -> None:
    """As many as a run shows, at the size of PH²; noise of a photograph, which compresses badly."""
    random = np.random.default_rng(0)
    noise = random.normal(0, 12, (574, 765, 3))
    rows, columns = np.mgrid[:574, :765]
    image = (150 + 60 * np.sin(columns / 90 + rows / 70)[..., None] + noise).clip(0, 255).astype(np.uint8)
    ragged = (np.hypot(rows - 287, columns - 382) + random.normal(0, 1.5, (574, 765)) < 200).astype(np.uint8)
    unsure = random.random((574, 765)).astype(np.float32)
    items = [Exhibit(f"i{i}", image, ragged, ragged[::-1], 0.9, {}, unsure) for i in range(12)]
    dice = {f"i{i}": 0.9 for i in range(40)}
    page(tmp_path / "r.html", metrics(dice), exhibits={"worst": items})
    assert (tmp_path / "r.html").stat().st_size < 3_000_000
