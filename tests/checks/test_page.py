"""The check's page: every finding, self-contained, harmless whatever files are called."""

from __future__ import annotations

import base64
import html
import io
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.checks.drawn import change, checked, drawn, image_of, mask_of, rename, with_splits

from pixelwise.report.checkpage import HEIGHT, MOST_PICTURES


class Page(HTMLParser):
    """Checks nesting, and keeps the page's elements and what it would load."""

    VOID = frozenset({"meta", "br", "hr", "img", "input", "link"})

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name in {"src", "srcset", "href", "data", "action"}:
                (self.links if name == "href" else self.loaded).append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """Faults of many kinds: with pictures, without, of several files, in hostile names."""
    root = drawn(tmp_path / "<b>data</b> & {{ 7 * 7 }}", 16)
    shutil.copy(image_of(root, 3), image_of(root, 16))
    shutil.copy(mask_of(root, 3), mask_of(root, 16))
    with_splits(root, *["train"] * 16, "test")
    image_of(root, 1).write_bytes(b"")
    mask_of(root, 2).write_bytes(b"")
    change(mask_of(root, 4), lambda values: values // 2)
    change(mask_of(root, 5), lambda values: values[:-4])
    change(mask_of(root, 6), lambda values: np.where(values[..., None] > 0, [200, 30, 40], [0, 0, 120]))
    change(mask_of(root, 8), lambda values: values * 0)
    change(mask_of(root, 9), lambda values: np.where(np.arange(64) < 30, values, values // 3 + 7))
    deep = (np.arange(48 * 64).reshape(48, 64) * 20).astype(np.uint16)
    PIL.Image.fromarray(deep).save(mask_of(root, 10))
    rename(root, 7, "<img src=x onerror=alert(1)>'\"&\n.png")
    return root


def test_the_page_is_whole_and_loads_nothing(spoilt: Path, tmp_path: Path) -> None:
    result = checked(spoilt)
    result.write_page(tmp_path / "check.html")
    text = (tmp_path / "check.html").read_text(encoding="utf-8")
    page = Page(text)
    kinds = [one.kind for one in result.result.findings]
    assert len(kinds) >= 9
    assert [one for one in page.ids if one in kinds] == kinds  # each once, in order
    assert sorted(page.links) == sorted(f"#{kind}" for kind in kinds)
    assert all(link.startswith("data:image/jpeg;base64,") for link in page.loaded)
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import|https?://", text)
    broken_anywhere = re.sub(r'<span class="nowrap">(--[a-z-]+)</span>', r"\1", text)
    for finding in result.result.findings:
        assert html.escape(finding.what, quote=False).replace("'", "&#39;") in text
        assert html.escape(finding.fix, quote=False).replace("'", "&#39;") in broken_anywhere


def test_every_place_is_there_and_names_are_escaped(spoilt: Path, tmp_path: Path) -> None:
    result = checked(spoilt)
    result.write_page(tmp_path / "check.html")
    text = (tmp_path / "check.html").read_text(encoding="utf-8")
    plain = html.unescape(text)
    for finding in result.result.findings:
        for place in finding.places:
            assert all(name in plain for name in place.files)
            assert place.detail in plain
    assert "<img src=x" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "<b>data" not in text
    assert "{{ 7 * 7 }}" in text
    assert ">49<" not in text


def test_pictures_show_the_outline_of_the_mask(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 4)
    change(mask_of(root, 1), lambda values: np.uint8(128) * (np.arange(64) >= 32) * np.ones_like(values))
    checked(root).write_page(tmp_path / "check.html")
    [encoded] = re.findall(r'base64,([^"]+)"', (tmp_path / "check.html").read_text(encoding="utf-8"))
    with PIL.Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
        shown = np.asarray(picture).astype(int)
    width = round(64 * HEIGHT / 48)
    assert shown.shape == (HEIGHT, 2 * width + 6, 3)
    yellow = shown[:, :width, :2].mean(axis=(0, 2)) - shown[:, :width, 2].mean(axis=0)
    assert abs(int(yellow.argmax()) - width // 2) <= 1  # the line between the halves
    stored = shown[:, width + 6 :].mean(axis=(0, 2))
    assert stored[: width // 2 - 4].max() < 30  # 0 shows black and 128 white
    assert stored[width // 2 + 4 :].min() > 225


def test_many_places_are_shown_in_part_and_listed_once_each(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 12)
    for index in range(9):
        change(mask_of(root, index), lambda values: values // 2 + 9)
    result = checked(root)
    result.write_page(tmp_path / "check.html")
    text = (tmp_path / "check.html").read_text(encoding="utf-8")
    [finding] = [one for one in result.result.findings if one.severity == "error"]
    assert len(finding.places) == 9
    assert text.count("<img ") == MOST_PICTURES
    assert [text.count(f">masks/lesion_000{i}.png<") for i in range(9)] == [1] * 9


def test_nothing_to_complain_of(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    for index in range(6):
        change(mask_of(root, index), lambda values: values // 255)
    result = checked(root)
    assert result.result.findings == ()
    result.write_page(tmp_path / "check.html")
    text = (tmp_path / "check.html").read_text(encoding="utf-8")
    Page(text)
    assert "Nothing to complain of." in text
    assert "<img" not in text


def test_a_photograph_taken_for_a_mask_hides_no_picture(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 4)
    noise = np.random.default_rng(0).integers(0, 256, (48, 64), np.uint8)
    change(mask_of(root, 1), lambda values: noise)
    result = checked(root)
    assert "mask-photo" in {one.kind for one in result.result.findings}
    result.write_page(tmp_path / "check.html")
    [encoded] = re.findall(r'base64,([^"]+)"', (tmp_path / "check.html").read_text(encoding="utf-8"))
    with PIL.Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
        shown = np.asarray(picture).astype(int)[:, : round(64 * HEIGHT / 48)]
    yellow = (shown[..., :2].min(axis=2) > 190) & (shown[..., 2] < 90)
    assert yellow.mean() < 0.01
