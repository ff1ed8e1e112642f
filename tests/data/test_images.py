"""Reading pictures and masks of every usual kind, and refusing the others in one sentence."""

import random
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from tests.pictures import STORED, png, refusal

from pixelwise.data import pictures
from pixelwise.data.images import image_size, read_image
from pixelwise.data.layouts import ph2 as ph2_layout
from pixelwise.data.masks import MaskCoding, read_mask, read_stored
from pixelwise.data.pictures import is_image
from pixelwise.errors import DataError
from pixelwise.labels import Labels

Pixels = NDArray[np.uint8]

BINARY = MaskCoding.of(Labels(classes=("background", "lesion")))
THREE = MaskCoding.of(Labels(classes=("sky", "road", "car"), background=None))

PICTURE = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
GREY = PICTURE[..., 0]
HALVES = np.array([[0, 0, 1], [0, 1, 1]], np.uint8)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.bmp", {}),
        ("a.png", {}),
        ("a.TIF", {}),
        ("a.tiff", {"compression": "tiff_lzw"}),
        ("a.webp", {"lossless": True}),
        ("ภาพ ๑.png", {}),
    ],
)
def test_lossless_formats_give_the_pixels(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    path = tmp_path / name
    PIL.Image.fromarray(PICTURE).save(path, **options)
    found = read_image(path)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, PICTURE)
    assert image_size(path) == (5, 7)
    assert is_image(path)


def test_jpeg_and_gif(tmp_path: Path) -> None:
    quarters = np.kron(np.array([[0, 80], [160, 250]], np.uint8), np.ones((16, 16), np.uint8))
    for name, tolerance in (("a.jpg", 2), ("a.jpeg", 2), ("a.gif", 0)):
        PIL.Image.fromarray(quarters).save(tmp_path / name)
        found = read_image(tmp_path / name)
        assert found.shape == (32, 32, 3)
        assert np.abs(found.astype(int) - quarters[..., None]).max() <= tolerance


def two_by_one(mode: str, left: Any, right: Any) -> PIL.Image.Image:
    picture = PIL.Image.new(mode, (2, 1))
    picture.putpixel((0, 0), left)
    picture.putpixel((1, 0), right)
    return picture


def palette_picture() -> PIL.Image.Image:
    picture = PIL.Image.fromarray(np.array([[1, 2]], np.uint8), "L").convert("P")
    picture.putpalette([0, 0, 0, 200, 10, 20, 30, 40, 50])
    return picture


@pytest.mark.parametrize(
    ("picture", "name", "pixels"),
    [
        (two_by_one("1", 0, 1), "a.png", [[0, 0, 0], [255, 255, 255]]),
        (two_by_one("1", 0, 1), "a.bmp", [[0, 0, 0], [255, 255, 255]]),
        (two_by_one("L", 3, 200), "a.png", [[3, 3, 3], [200, 200, 200]]),
        (palette_picture(), "a.png", [[200, 10, 20], [30, 40, 50]]),
        (palette_picture(), "a.gif", [[200, 10, 20], [30, 40, 50]]),
        # What is transparent is white: 255 · (1 − a) + value · a.
        (two_by_one("RGBA", (9, 8, 7, 255), (0, 0, 0, 0)), "a.png", [[9, 8, 7], [255, 255, 255]]),
        (two_by_one("RGBA", (9, 8, 7, 255), (0, 0, 0, 51)), "a.png", [[9, 8, 7], [204, 204, 204]]),
        (two_by_one("LA", (9, 255), (0, 0)), "a.png", [[9, 9, 9], [255, 255, 255]]),
        # Cyan, magenta, yellow, black inks; no black: 255 − ink.
        (two_by_one("CMYK", (0, 255, 255, 0), (255, 0, 5, 0)), "a.tif", [[255, 0, 0], [0, 255, 250]]),
    ],
)
def test_every_mode_becomes_rgb(
    tmp_path: Path, picture: PIL.Image.Image, name: str, pixels: list[list[int]]
) -> None:
    picture.save(tmp_path / name)
    assert read_image(tmp_path / name).tolist() == [pixels]


def test_cmyk_jpeg(tmp_path: Path) -> None:
    PIL.Image.new("CMYK", (16, 8), (0, 255, 255, 0)).save(tmp_path / "a.jpg")
    assert np.abs(read_image(tmp_path / "a.jpg").astype(int) - [255, 0, 0]).max() <= 6


@pytest.mark.parametrize("suffix", ["png", "tif", "webp", "jpg"])
@pytest.mark.parametrize("orientation", STORED)
def test_pictures_are_read_as_they_are_displayed(tmp_path: Path, orientation: int, suffix: str) -> None:
    corners = np.array([[[250, 0, 0], [0, 250, 0], [0, 0, 250]], [[250, 250, 0], [0, 0, 0], [250, 250, 250]]])
    shown = np.kron(corners, np.ones((16, 16, 1))).astype(np.uint8)
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    stored = PIL.Image.fromarray(np.ascontiguousarray(STORED[orientation](shown)))
    exact: dict[str, dict[str, Any]] = {
        "jpg": {"quality": 100, "subsampling": 0},
        "webp": {"lossless": True},
    }
    path = tmp_path / f"a.{suffix}"
    stored.save(path, exif=exif, **exact.get(suffix, {}))
    found = read_image(path)
    assert found.shape == shown.shape
    assert np.abs(found.astype(int) - shown).max() <= (4 if suffix == "jpg" else 0)
    assert image_size(path) == (32, 48)


@pytest.mark.parametrize("orientation", STORED)
def test_masks_turn_as_their_pictures_do(tmp_path: Path, orientation: int) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(STORED[orientation](HALVES))
    PIL.Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png", BINARY), HALVES)


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_masks_of_sixteen_bits_hold_class_ids_or_are_refused(
    tmp_path: Path, colour: int, channels: int
) -> None:
    rows = (b"\0" + b"\1\2" * channels * 4) * 3
    path = png(tmp_path / "deep.png", 4, 3, 16, colour, rows)
    said = "(258)" if colour == 0 else "8 bits"
    assert said in refusal(lambda: read_mask(path, BINARY), path)


def test_masks_of_sixteen_four_and_two_bits_hold_class_ids(tmp_path: Path) -> None:
    wide = png(tmp_path / "16.png", 3, 1, 16, 0, b"\0" + b"\0\0" + b"\0\2" + b"\0\xff")
    assert read_mask(wide, THREE).tolist() == [[0, 2, 255]]
    four = png(tmp_path / "4.png", 4, 1, 4, 0, b"\0" + b"\x01\x20")
    assert read_mask(four, THREE).tolist() == [[0, 1, 2, 0]]
    two = png(tmp_path / "2.png", 4, 1, 2, 0, b"\0" + b"\x18")
    assert read_mask(two, THREE).tolist() == [[0, 1, 2, 0]]


def animation(path: Path) -> None:
    frames = [PIL.Image.new("L", (8, 8), value) for value in (0, 255)]
    frames[0].save(path, save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("missing.png", lambda path: None, "does not exist"),
        ("empty.png", lambda path: path.touch(), "not an image"),
        ("text.png", lambda path: path.write_text("name,split\n"), "not an image"),
        ("folder.png", lambda path: path.mkdir(), "is a folder, not an image"),
        ("two.gif", animation, "several pictures"),
        ("two.webp", animation, "several pictures"),
        ("two.png", animation, "several pictures"),
    ],
)
def test_what_cannot_be_read_is_said(
    tmp_path: Path, name: str, write: Callable[[Path], None], said: str
) -> None:
    path = tmp_path / name
    write(path)
    for read in (read_image, image_size, lambda one: read_mask(one, BINARY)):
        assert said in refusal(lambda read=read: read(path), path)  # type: ignore[misc]


@pytest.mark.parametrize(
    "side", [13_360, 20_000, 2**31 - 1]
)  # beyond our limit, Pillow's limit, any computer
def test_enormous_pictures_are_refused_by_their_header(tmp_path: Path, side: int) -> None:
    path = png(tmp_path / "huge.png", side, side, 8, 2, b"")
    assert "too large to read" in refusal(lambda: read_image(path), path)
    assert "too large to read" in refusal(lambda: image_size(path), path)


def test_the_largest_picture_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    PIL.Image.fromarray(PICTURE).save(path)
    monkeypatch.setattr(pictures, "MAX_PIXELS", 35)
    assert read_image(path).shape == (5, 7, 3)
    monkeypatch.setattr(pictures, "MAX_PIXELS", 34)
    assert "7×5 pixels" in refusal(lambda: read_image(path), path)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow remarks upon broken EXIF data
@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "tif", "webp", "bmp"])
def test_damaged_files_give_a_picture_or_a_sentence(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    picture = PIL.Image.fromarray(np.kron(PICTURE, np.ones((3, 3, 1), np.uint8)))
    options: dict[str, Any] = {} if suffix in {"gif", "bmp"} else {"exif": exif}
    picture.save(path, **options)
    whole, draw = path.read_bytes(), random.Random(0)
    half = whole[: len(whole) // 2]
    cases = [half, *(whole[: draw.randrange(len(whole))] for _ in range(20))]
    for _ in range(40):
        damaged = bytearray(whole)
        damaged[draw.randrange(min(len(whole), draw.choice([80, len(whole)])))] = draw.randrange(256)
        cases.append(bytes(damaged))
    messages = {}
    for case in cases:
        path.write_bytes(case)
        try:
            read_image(path)
        except DataError as error:  # any other error fails the test
            messages[case] = str(error)
    assert half in messages
    assert all(message.startswith(str(path)) and "\n" not in message for message in messages.values())


def test_tiff_with_an_empty_second_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    PIL.Image.fromarray(PICTURE).save(path)
    content = bytearray(path.read_bytes())
    (first,) = struct.unpack_from("<I", content, 4)
    (entries,) = struct.unpack_from("<H", content, first)
    struct.pack_into(
        "<I", content, first + 2 + 12 * entries, len(content)
    )  # where the next page is described
    path.write_bytes(content + bytes(6))
    for read in (read_image, image_size):
        assert "cannot be read" in refusal(lambda read=read: read(path), path)  # type: ignore[misc]


WHITE_FIRST = [255, 255, 255, 0, 0, 0]
BLACK_FIRST = [0, 0, 0, 255, 255, 255]
RED = [200, 0, 0]


def indexed(indices: Pixels, palette: list[int]) -> PIL.Image.Image:
    picture = PIL.Image.fromarray(indices).convert("P")
    picture.putpalette(palette)
    return picture


def with_alpha(red: int, alpha: Pixels) -> PIL.Image.Image:
    return PIL.Image.fromarray(np.dstack([np.full((*alpha.shape, 3), red, np.uint8), alpha]))


@pytest.mark.parametrize(
    ("picture", "suffix"),
    [
        (PIL.Image.fromarray(HALVES.astype(bool)), "png"),
        (PIL.Image.fromarray(HALVES.astype(bool)), "bmp"),
        (PIL.Image.fromarray(HALVES.astype(bool)), "tif"),
        (PIL.Image.fromarray(HALVES), "png"),
        (PIL.Image.fromarray(HALVES * 255), "png"),
        (PIL.Image.fromarray(HALVES * 255), "gif"),
        (PIL.Image.fromarray(np.dstack([HALVES * 255] * 3)), "bmp"),
        (PIL.Image.fromarray(np.dstack([HALVES] * 3)), "png"),
        (PIL.Image.fromarray(np.dstack([HALVES * 255] * 3 + [np.full_like(HALVES, 255)])), "png"),
        (indexed(HALVES, BLACK_FIRST), "png"),
        (indexed(HALVES, [0, 0, 0, *RED]), "png"),
        (indexed(HALVES, [*RED, 0, 0, 0]), "png"),
        # As seen: what is white is the object, though it is stored as index 0.
        (indexed(1 - HALVES, WHITE_FIRST), "png"),
        (indexed(1 - HALVES, WHITE_FIRST), "bmp"),
        (PIL.Image.fromarray(np.dstack([HALVES * 255] * 3)).quantize(2), "png"),
        # The object is what is opaque, whatever colour hides under the rest.
        (with_alpha(255, HALVES * 255), "png"),
    ],
)
def test_binary_masks_of_every_kind(tmp_path: Path, picture: PIL.Image.Image, suffix: str) -> None:
    path = tmp_path / f"mask.{suffix}"
    picture.save(path)
    found = read_mask(path, BINARY)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, HALVES)


@pytest.mark.parametrize(("stored", "meant"), [(0, 0), (1, 1), (255, 1)])
def test_a_mask_of_one_value(tmp_path: Path, stored: int, meant: int) -> None:
    PIL.Image.new("L", (4, 3), stored).save(tmp_path / "mask.png")
    assert (read_mask(tmp_path / "mask.png", BINARY) == meant).all()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([[0, 254, 255]], "holds 3 values (0, 254, 255) where a mask holds two, 0 and 255"),
        ([[0, 1, 255]], "holds 3 values (0, 1, 255)"),
        ([[0, 2]], "holds 2 values (0, 2)"),
        ([list(range(0, 90, 10))], "holds 9 values (0, 10, 20, 30, 40, 50, …)"),
    ],
)
def test_smoothed_masks_are_refused(tmp_path: Path, values: list[list[int]], said: str) -> None:
    path = tmp_path / "mask.png"
    PIL.Image.fromarray(np.array(values, np.uint8)).save(path)
    assert said in refusal(lambda: read_mask(path, BINARY), path)


def test_coloured_masks_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    PIL.Image.fromarray(PICTURE).save(path)
    for coding in (BINARY, THREE):
        assert "coloured" in refusal(lambda coding=coding: read_mask(path, coding), path)  # type: ignore[misc]


@pytest.mark.parametrize("palette", [None, [0, 0, 0, *RED] * 128, [*WHITE_FIRST, *RED, *RED] * 64])
def test_class_ids_are_kept_and_255_is_not_labelled(tmp_path: Path, palette: list[int] | None) -> None:
    path = tmp_path / "mask.png"
    ids = np.array([[0, 1, 2], [2, 255, 0]], np.uint8)
    (PIL.Image.fromarray(ids) if palette is None else indexed(ids, palette)).save(path)
    np.testing.assert_array_equal(read_mask(path, THREE), ids)
    np.testing.assert_array_equal(read_stored(path), ids)


def test_two_classes_of_three_keep_their_ids_under_a_coloured_palette(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    indexed(HALVES, [*WHITE_FIRST, *RED]).save(path)
    np.testing.assert_array_equal(read_mask(path, THREE), HALVES)


def test_class_ids_without_a_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    PIL.Image.fromarray(np.array([[0, 3, 7]], np.uint8)).save(path)
    message = refusal(lambda: read_mask(path, THREE), path)
    assert "(3, 7); known are 0, 1, 2, 255" in message


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.PNG", True),
        ("a.b.jpeg", True),
        (".hidden.png", False),
        ("._a.jpg", False),
        ("a.txt", False),
        ("a.npy", True),
        ("a.DCM", True),
        ("a.dicom", True),
        ("png", False),
    ],
)
def test_which_names_are_pictures(name: str, expected: bool) -> None:
    assert is_image(Path("folder") / name) is expected


def test_every_ph2_mask_is_binary_and_of_its_image_size(ph2: Path) -> None:
    samples = ph2_layout.read(ph2).samples
    modes = set()
    for sample in samples:
        mask = read_mask(sample.labels["mask"], BINARY)
        assert set(np.flatnonzero(np.bincount(mask.ravel()))) == {0, 1}
        assert mask.shape == image_size(sample.image) == image_size(sample.labels["mask"])
        with PIL.Image.open(sample.labels["mask"]) as picture:
            modes.add(picture.mode)
    assert len(samples) == 140
    assert modes == {"1", "RGB"}
    assert re.fullmatch(r"IMD\d{3}", samples[0].name)
