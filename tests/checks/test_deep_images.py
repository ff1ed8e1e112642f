"""What the check says of images that are not RGB of 8 bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.pictures import png

from pixelwise.data.images import read_image
from pixelwise.data.synthetic import draw_lesion
from pixelwise.types import RGB8, PixelFormat
from pixelwise.workflows.check import Checked, check


def lesions(root: Path, suffix: str, count: int = 6) -> Path:
    """Drawings as 16-bit PNGs, grey or (".rgb.png") in colour, or as arrays of five channels."""
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    for index in range(count):
        drawing = draw_lesion(index, (64, 96))
        path = root / "images" / f"{index}{suffix}"
        grey = drawing.image[..., 1].astype(np.uint16) * 16
        if suffix == ".rgb.png":
            rows = b"".join(b"\0" + line.tobytes() for line in (drawing.image * np.uint16(257)).astype(">u2"))
            png(path, 96, 64, 16, 2, rows)
        elif suffix == ".png":
            PIL.Image.fromarray(grey).save(path)
        else:
            np.save(path, np.dstack([grey] * 5))
        mask = np.uint8(255) * drawing.mask
        PIL.Image.fromarray(mask).save(root / "masks" / path.with_suffix(".png").name)
    return root


def errors(checked: Checked) -> list[str]:
    return [finding.kind for finding in checked.result.findings if finding.severity == "error"]


@pytest.mark.parametrize("suffix", [".png", ".rgb.png", ".npy"])
def test_a_set_of_deep_images_is_in_order(tmp_path: Path, suffix: str) -> None:
    checked = check(lesions(tmp_path / "data", suffix))
    assert errors(checked) == []
    checked.write_page(tmp_path / "check.html")
    mended = checked.mend(tmp_path / "copy")
    assert (mended.total, mended.left_out) == (6, 0)
    assert len(list((tmp_path / "copy" / "images").glob(f"*{suffix}"))) == 6


@pytest.mark.parametrize("suffix", [".png", ".rgb.png"])
def test_one_deep_image_among_others_is_an_error(tmp_path: Path, suffix: str) -> None:
    data = lesions(tmp_path / "data", suffix)
    for path in sorted((data / "images").iterdir())[1:]:
        PIL.Image.fromarray((read_image(path)[..., 0] // 257).astype(np.uint8)).convert("RGB").save(path)
    assert errors(check(data)) == ["image-kind"]


def test_the_copy_keeps_the_depth_of_transparent_images(tmp_path: Path) -> None:
    data = lesions(tmp_path / "data", ".png")
    rgb = draw_lesion(0, (64, 96)).image
    for path in (data / "images").iterdir():
        PIL.Image.fromarray(np.dstack([rgb, rgb[..., :1]])).save(path)
    copy = check(data).mend(tmp_path / "copy")
    assert copy.changed == 6
    found = read_image(tmp_path / "copy" / "images" / "0.png")
    assert PixelFormat.of(found) == RGB8
