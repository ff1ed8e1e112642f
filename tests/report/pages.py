"""Metrics and pictures made up for pages, and what every page is held to."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from pixelwise.evaluation.schema import ClassScores, Group, ImageRow, Metrics, Score
from pixelwise.labels import Labels
from pixelwise.report import Exhibit, LogRow, Making, TaskPart, semantic_part, write_report
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
        value=float(known.mean()),
        mean=float(known.mean()),
        ci95=(float(known.min()), float(known.max())),
        median=float(np.median(known)),
        p5=float(np.percentile(known, 5)),
        median_ci95=(0.25, 0.75) if len(known) > 2 else (math.nan, math.nan),
        p5_ci95=(0.0, 0.625) if len(known) > 2 else (math.nan, math.nan),
        worst=float(known.min()),
        pooled=0.777,
        pooled_ci95=(0.7, 0.8),
        n_undefined=n_undefined,
    )


def of_objects(pooled: float, low: float, high: float, mean: float) -> Score:
    """A score like PQ, which is the pooled one and has its interval; that of single images is another."""
    both = {"value": pooled, "pooled": pooled, "ci95": (low, high), "pooled_ci95": (low, high)}
    return score([mean] * 12).model_copy(update=both)


def of_cells(found: Metrics, kinds: Mapping[str, Score]) -> Metrics:
    """The metrics by PQ, with a tag that tells kinds of cells apart."""
    groups = {kind: Group(n_images=12, scores={"pq": score}) for kind, score in kinds.items()}
    scores = {"pq": of_objects(0.6, 0.55, 0.65, 0.8)}
    return found.model_copy(update={"headline": "pq", "scores": scores, "tags": {"kind": groups}})


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
