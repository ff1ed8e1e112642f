"""``docs/pose.md`` names every setting of the task with its default, and every score."""

import inspect
import re
from pathlib import Path

from pixelwise.data.figures import LARGEST, SMALLEST, write_figures
from pixelwise.metrics import METRICS
from pixelwise.metrics.keypoints import OKS_SCORES
from pixelwise.recipe import PoseTask

PAGE = (Path(__file__).parents[2] / "docs" / "pose.md").read_text(encoding="utf-8")


def test_every_setting_is_in_the_table_with_its_default() -> None:
    found: dict[str, str] = {}
    for names, defaults in re.findall(r"^\| (`tasks\.pose\.[^|]*) \| ([^|]*) \|", PAGE, re.MULTILINE):
        listed = re.findall(r"`tasks\.pose\.([a-z_]+)`", names)
        found |= dict(zip(listed, (one.strip() for one in defaults.split(", ")), strict=True))
    defaults = PoseTask().model_dump()
    assert found.keys() == defaults.keys() - {"kind"}
    for name, shown in found.items():
        assert shown in {"planned", "the data's"} or float(shown) == defaults[name]


def test_figures_are_as_high_as_the_page_says() -> None:
    default = inspect.signature(write_figures).parameters["size"].default
    said = f"{min(LARGEST, int(1.1 * default[0]))} in pictures of the default `size={default}`"
    page = " ".join(PAGE.split())
    assert f"from {SMALLEST} pixels high" in page
    assert f"{said}, {min(LARGEST, int(1.1 * 384))} with `size=(384, 480)`" in page


def test_every_score_is_on_the_page() -> None:
    for name in ("pck", "pckh", "oks", "given_away", *OKS_SCORES):
        assert name in METRICS
        assert f"`{name}`" in PAGE
