"""Images of more than 8 bits or other than three channels: read to the last bit, or refused in one sentence."""

from __future__ import annotations

import importlib.util
import io
import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import tifffile
from numpy.typing import NDArray
from tests.pictures import STORED, lzw, png, refusal, shades, tiff

from pixelwise.data import pictures, pixels
from pixelwise.data.images import image_header, image_size, picture_to_pixels, read_image
from pixelwise.types import PixelFormat, Pixels

GREY16, RGB16 = PixelFormat(1, "uint16"), PixelFormat(3, "uint16")


def read(path: Path) -> Pixels:
    """The image, whose header said what it is."""
    header, found = image_header(path), read_image(path)
    assert found.shape == (*header.size, header.pixels.channels)
    assert found.dtype.name == header.pixels.dtype
    assert found.dtype.isnative
    assert found.flags.c_contiguous
    return found


def rows_of(values: NDArray[np.uint16]) -> bytes:
    """PNG rows without filter: (H, W, C), high bytes first."""
    return b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)


def paeth(left: int, up: int, corner: int) -> int:
    """PNG's predictor, as the specification gives it."""
    guess = left + up - corner
    return min((left, up, corner), key=lambda one: abs(guess - one))


def filtered(values: NDArray[np.uint16], kind: int) -> bytes:
    """PNG rows that hold differences: 1 to the left, 2 to above, 3 to their mean, 4 to Paeth's choice."""
    step = 2 * values.shape[2]
    lines = [row.astype(">u2").tobytes() for row in values]
    written, above = b"", bytes(len(lines[0]))
    for line in lines:
        written += bytes([kind])
        for at, value in enumerate(line):
            left, corner = (line[at - step], above[at - step]) if at >= step else (0, 0)
            guess = {1: left, 2: above[at], 3: (left + above[at]) // 2, 4: paeth(left, above[at], corner)}
            written += bytes([(value - guess[kind]) % 256])
        above = line
    return written


COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def test_a_png_of_16_bits_by_hand(tmp_path: Path) -> None:
    grey = png(tmp_path / "grey.png", 3, 2, 16, 0, b"\0\0\0\0\1\1\2" + b"\0\2\1\xff\xff\x9c\x40")
    assert read(grey)[..., 0].tolist() == [[0, 1, 258], [513, 65535, 40000]]
    colour = png(tmp_path / "rgb.png", 2, 1, 16, 2, b"\0" + b"\x12\x34\0\xff\xff\0" + b"\0\0\0\1\x80\0")
    assert read(colour).tolist() == [[[0x1234, 0x00FF, 0xFF00], [0, 1, 0x8000]]]
    assert image_header(grey).pixels == GREY16
    assert image_header(colour).pixels == RGB16


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 3])
def test_both_bytes_pass_png_s_filters(tmp_path: Path, kind: int, channels: int) -> None:
    values = shades(6, 9, channels)
    path = png(tmp_path / "a.png", 9, 6, 16, COLOUR_TYPES[channels], filtered(values, kind))
    np.testing.assert_array_equal(read(path), values)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_interlaced_png(tmp_path: Path, channels: int) -> None:
    values = shades(11, 13, channels)
    if channels in {2, 4}:
        values[..., -1] = 65535
    # Adam7: first row and column, steps between rows and columns.
    passes = [
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ]
    rows = b"".join(rows_of(values[top::down, left::across]) for top, left, down, across in passes)
    path = png(tmp_path / "a.png", 13, 11, 16, COLOUR_TYPES[channels], rows, interlaced=True)
    np.testing.assert_array_equal(read(path), values[..., : 1 if channels < 3 else 3])


@pytest.mark.parametrize("channels", [2, 4])
def test_what_is_transparent_in_16_bits_is_white(tmp_path: Path, channels: int) -> None:
    # A fifth opaque (13107 of 65535): 0.2 · 1000 + 0.8 · 65535 = 52628.
    values = np.full((1, 3, channels), 1000, np.uint16)
    values[0, :, -1] = [65535, 13107, 0]
    path = png(tmp_path / "a.png", 3, 1, 16, COLOUR_TYPES[channels], rows_of(values))
    assert read(path)[..., 0].tolist() == [[1000, 52628, 65535]]


def test_the_transparent_colour_of_a_png_of_16_bits_is_white(tmp_path: Path) -> None:
    grey = np.array([[[258], [257]]], np.uint16)
    path = png(tmp_path / "grey.png", 2, 1, 16, 0, rows_of(grey), chunks=[(b"tRNS", b"\1\2")])
    assert read(path)[..., 0].tolist() == [[65535, 257]]
    colour = np.array([[[1, 2, 3], [1, 2, 4]]], np.uint16)
    path = png(tmp_path / "rgb.png", 2, 1, 16, 2, rows_of(colour), chunks=[(b"tRNS", b"\0\1\0\2\0\3")])
    assert read(path).tolist() == [[[65535] * 3, [1, 2, 4]]]


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("channels", [1, 3])
def test_deep_pictures_are_read_as_they_are_displayed(
    tmp_path: Path, orientation: int, channels: int
) -> None:
    shown = shades(4, 6, channels)
    stored = STORED[orientation](shown)
    exif = b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1" + struct.pack(">HHI", orientation, 0, 0)
    height, width = stored.shape[:2]
    path = png(
        tmp_path / "a.png",
        width,
        height,
        16,
        COLOUR_TYPES[channels],
        rows_of(stored),
        chunks=[(b"eXIf", exif)],
    )
    np.testing.assert_array_equal(read(path), shown)
    tags = {258: (16,) * channels, 259: (1,), 262: (1 if channels == 1 else 2,), 277: (channels,)}
    strip = stored.astype("<u2").tobytes()
    turned = tiff(tmp_path / "a.tif", "<", (height, width), strip, {**tags, 274: (orientation,)})
    np.testing.assert_array_equal(read(turned), shown)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_tiffs_of_16_bits_written_by_hand(tmp_path: Path, order: str, packed: bool, channels: int) -> None:
    """Plain, and packed by LZW, which goes through Pillow."""
    values = shades(5, 7, channels)
    strip = values.astype(f"{order}u2").tobytes()
    tags = {
        258: (16,) * channels,
        259: (5 if packed else 1,),
        262: (1 if channels == 1 else 2,),
        277: (channels,),
    }
    path = tiff(tmp_path / "a.tif", order, (5, 7), lzw(strip) if packed else strip, tags)
    np.testing.assert_array_equal(read(path), values)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("channels", [1, 2, 3, 5, 13])
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(
    "options",
    [{}, {"byteorder": ">"}, {"compression": "zlib"}, {"tile": (16, 16)}],
    ids=["plain", "big-endian", "deflate", "tiles"],
)
def test_tiffs_of_any_channels(
    tmp_path: Path, dtype: str, channels: int, apart: bool, options: dict[str, Any]
) -> None:
    values, path = shades(18, 21, channels, dtype=dtype), tmp_path / "a.tif"
    arranged = np.moveaxis(values, 2, 0) if apart else values
    layout: dict[str, Any] = {"planarconfig": "separate" if apart else "contig"} if channels > 1 else {}
    tifffile.imwrite(
        path, arranged if channels > 1 else values[..., 0], photometric="minisblack", **layout, **options
    )
    wanted = np.repeat(values, 3, axis=2) if (channels, dtype) == (1, "uint8") else values
    np.testing.assert_array_equal(read(path), wanted)


@pytest.mark.parametrize("order", ["<", ">"])
def test_differences_of_neighbours_are_taken_back(tmp_path: Path, order: Any) -> None:
    for channels in (1, 3, 5):
        values, path = shades(6, 9, channels), tmp_path / "a.tif"
        options: dict[str, Any] = {"planarconfig": "contig"} if channels > 1 else {}
        options |= {"photometric": "rgb" if channels == 3 else "minisblack", "byteorder": order}
        shown = values if channels > 1 else values[..., 0]
        tifffile.imwrite(path, shown, predictor=True, compression="zlib", **options)
        np.testing.assert_array_equal(read(path), values)


def test_alpha_in_tiffs_of_16_bits_is_laid_on_white(tmp_path: Path) -> None:
    # Multiplied already, a fifth of 1000 is stored as 200: 200 + 0.8 · 65535 = 52628.
    for kind, stored in (("unassalpha", 1000), ("assocalpha", 200)):
        for channels in (2, 4):
            values = np.full((1, 2, channels), stored, np.uint16)
            values[..., -1] = 13107
            path = tmp_path / "a.tif"
            photometric = "rgb" if channels == 4 else "minisblack"
            tifffile.imwrite(
                path, values, photometric=photometric, planarconfig="contig", extrasamples=[kind]
            )
            assert np.unique(read(path)).tolist() == [52628]
            assert read(path).shape[2] == channels - 1


def test_a_fourth_channel_that_is_no_alpha_is_kept(tmp_path: Path) -> None:
    values, path = shades(4, 5, 4, dtype="uint8"), tmp_path / "a.tif"
    tifffile.imwrite(path, values, photometric="rgb", extrasamples=["unspecified"])
    np.testing.assert_array_equal(read(path), values)
    tifffile.imwrite(path, values, photometric="rgb", extrasamples=["unassalpha"])
    assert image_header(path).pixels == PixelFormat(3, "uint8")


def test_white_is_zero(tmp_path: Path) -> None:
    values = np.array([[0, 65535, 1]], np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="miniswhite")
    assert read(tmp_path / "a.tif")[..., 0].tolist() == [[65535, 0, 65534]]


def test_wider_numbers_are_kept_where_they_fit(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    PIL.Image.fromarray(np.array([[0, 7, 65535]], np.int32)).save(path)
    assert read(path)[..., 0].tolist() == [[0, 7, 65535]]
    for wrong in (-1, 65536):
        PIL.Image.fromarray(np.array([[0, wrong]], np.int32)).save(path)
        assert f"from {min(0, wrong)} to {max(0, wrong)}" in refusal(lambda: read_image(path), path)
    PIL.Image.fromarray(np.array([[0.5, -1e9]], np.float32)).save(path)
    assert read(path)[..., 0].tolist() == [[0.5, -1e9]]
    tifffile.imwrite(path, np.array([[0.1, 1e-300]]))
    assert read(path)[..., 0].tolist() == [[np.float32(0.1), 0]]
    for fraction in (np.nan, np.inf, 1e300):
        tifffile.imwrite(path, np.array([[0.0, fraction]]))
        assert "no finite numbers" in refusal(lambda: read_image(path), path)


def test_several_pages_are_several_pictures(tmp_path: Path) -> None:
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, shades(3, 6, 7), photometric="minisblack")
    with tifffile.TiffFile(path) as file:
        assert len(file.pages) == 3
    for one in (read_image, image_size):
        assert "several pictures" in refusal(lambda one=one: one(path), path)  # type: ignore[misc]


def test_small_versions_for_viewers_are_passed_over(tmp_path: Path) -> None:
    values, path = shades(8, 8), tmp_path / "overview.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(values)
        writer.write(values[::2, ::2], subfiletype=1)
    np.testing.assert_array_equal(read(path)[..., 0], values)


@pytest.mark.skipif(importlib.util.find_spec("imagecodecs") is not None, reason="imagecodecs reads it")
def test_a_compression_that_nobody_here_knows_is_named(tmp_path: Path) -> None:
    values = shades(4, 4, 5)
    tags = {258: (16,) * 5, 259: (5,), 262: (1,), 277: (5,), 338: (0,) * 4}
    path = tiff(tmp_path / "a.tif", "<", (4, 4), lzw(values.tobytes()), tags)
    message = refusal(lambda: read_image(path), path)
    assert "LZW" in message
    assert "imagecodecs" in message
    assert image_header(path).pixels == PixelFormat(5, "uint16")


@pytest.mark.skipif(importlib.util.find_spec("imagecodecs") is not None, reason="imagecodecs reads it")
@pytest.mark.parametrize("tags", [{262: (0,)}, {262: (1,), 339: (2,)}], ids=["white is zero", "signed"])
def test_what_pillow_would_read_otherwise_is_not_left_to_it(
    tmp_path: Path, tags: dict[int, tuple[int, ...]]
) -> None:
    strip = lzw(shades(4, 4).tobytes())
    path = tiff(tmp_path / "a.tif", "<", (4, 4), strip, {258: (16,), 259: (5,), 277: (1,), **tags})
    assert "imagecodecs" in refusal(lambda: read_image(path), path)


def test_colours_of_16_bits_that_are_not_rgb_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "cmyk.tif"
    tifffile.imwrite(path, shades(4, 4, 4), photometric="separated")
    assert "SEPARATED" in refusal(lambda: read_image(path), path)


def test_a_bitmap_of_16_bits_a_pixel_is_a_picture_of_8(tmp_path: Path) -> None:
    """5 bits of red, 6 of green, 5 of blue: full red, then full green."""
    body = struct.pack("<HHHH", 0xF800, 0x07E0, 0, 0)
    fields = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, 16, 3, len(body), 0, 0, 0, 0)
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    at = 14 + len(fields) + len(masks)
    path = tmp_path / "a.bmp"
    path.write_bytes(b"BM" + struct.pack("<IHHI", at + len(body), 0, 0, at) + fields + masks + body)
    assert read(path).tolist() == [[[255, 0, 0], [0, 255, 0]]]


def test_pillow_s_pictures_in_memory() -> None:
    values = shades(3, 4)
    np.testing.assert_array_equal(picture_to_pixels(PIL.Image.fromarray(values))[..., 0], values)
    fractions = values.astype(np.float32) / 7
    np.testing.assert_array_equal(picture_to_pixels(PIL.Image.fromarray(fractions))[..., 0], fractions)
    assert picture_to_pixels(PIL.Image.new("L", (2, 2), 9)).tolist() == [[[9] * 3] * 2] * 2


# NumPy arrays


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", ">u2", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays(tmp_path: Path, dtype: str, order: Any) -> None:
    name = np.dtype(dtype).newbyteorder("=").name
    values = shades(4, 5, 7, dtype=name)
    np.save(tmp_path / "a.npy", np.asarray(values.astype(dtype), order=order))
    np.testing.assert_array_equal(read(tmp_path / "a.npy"), values)
    np.save(tmp_path / "a.npy", np.asarray(values[..., 0].astype(dtype), order=order))
    np.testing.assert_array_equal(read(tmp_path / "a.npy"), values[..., :1])


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros(5, np.uint8), "1 dimensions"),
        (np.zeros((1, 2, 3, 4), np.uint8), "4 dimensions"),
        (np.zeros((3, 4, 65), np.uint8), "65 channels"),
        (np.zeros((3, 0), np.uint8), "no pixels"),
        (np.zeros((3, 4), bool), "bool"),
        (np.zeros((3, 4), np.complex64), "complex64"),
        (np.array([[1, 70_000]]), "from 1 to 70000"),
        (np.array([["a", "b"]]), "save it as uint8"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, array: NDArray[Any], said: str) -> None:
    path = tmp_path / "a.npy"
    np.save(path, array)
    assert said in refusal(lambda: read_image(path), path)


def test_arrays_that_could_run_code_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.array([[print, None]], object), allow_pickle=True)
    assert "object" in refusal(lambda: read_image(path), path)


def test_an_array_larger_than_its_file_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    for shape, said in (((100, 100), "cut short"), ((10**6, 10**6), "too large"), ((-5, 5), "no pixels")):
        content = io.BytesIO()
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(content, header)
        path.write_bytes(content.getvalue() + bytes(99))
        for one in (read_image, image_size):
            assert said in refusal(lambda one=one: one(path), path)  # type: ignore[misc]


# Damage


def multi_channel_tiff(path: Path) -> None:
    tifffile.imwrite(path, shades(20, 20, 5), photometric="minisblack", planarconfig="contig")


def deflated_tiff(path: Path) -> None:
    tifffile.imwrite(path, shades(20, 20, 3), photometric="rgb", compression="zlib")


def array(path: Path) -> None:
    np.save(path, shades(20, 20, 5))


def deep_png(path: Path) -> None:
    png(path, 20, 20, 16, 2, rows_of(shades(20, 20, 3)))


@pytest.mark.filterwarnings("ignore::UserWarning")  # NumPy and Pillow remark upon odd headers
@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.tif", multi_channel_tiff),
        ("b.tif", deflated_tiff),
        ("a.npy", array),
        ("a.png", deep_png),
    ],
)
def test_damaged_files_give_an_image_or_a_sentence(
    tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    path = tmp_path / name
    write(path)
    whole, draw = path.read_bytes(), random.Random(0)
    half = whole[: len(whole) // 2]
    cases = [half, *(whole[: draw.randrange(len(whole))] for _ in range(20))]
    for _ in range(120):
        damaged = bytearray(whole)
        damaged[draw.randrange(draw.choice([300, len(whole)]))] = draw.randrange(256)
        cases.append(bytes(damaged))
    messages = {}
    for case in cases:
        path.write_bytes(case)
        for one in (image_header, read_image):
            try:
                one(path)
            except pictures.PictureError as error:  # any other error fails the test
                messages[case] = str(error)
    assert half in messages
    assert all(message.startswith(str(path)) and "\n" not in message for message in messages.values())


@pytest.mark.parametrize("side", [20_000, 65_535])
def test_enormous_tiffs_are_refused_by_their_header(tmp_path: Path, side: int) -> None:
    tags = {258: (16,) * 5, 259: (1,), 262: (1,), 277: (5,), 338: (0,) * 4}
    path = tiff(tmp_path / "a.tif", "<", (side, side), bytes(10), tags)
    for one in (read_image, image_size):
        assert "too large to read" in refusal(lambda one=one: one(path), path)  # type: ignore[misc]


def test_channels_count_towards_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((4, 5, 6), np.uint16))
    monkeypatch.setattr(pixels, "MAX_BYTES", 240)
    assert read(path).shape == (4, 5, 6)
    monkeypatch.setattr(pixels, "MAX_BYTES", 239)
    assert "5×4 pixels of 6 × 2 bytes" in refusal(lambda: image_size(path), path)


def test_a_tiff_that_swells_is_refused(tmp_path: Path) -> None:
    """A strip of 16 pixels that unpacks to 64 megabytes."""
    tags = {258: (16,) * 5, 259: (8,), 262: (1,), 277: (5,), 338: (0,) * 4}
    path = tiff(tmp_path / "a.tif", "<", (4, 4), zlib.compress(bytes(2**26)), tags)
    assert "more than it should" in refusal(lambda: read_image(path), path)


def test_a_tiff_whose_pixels_lie_beyond_its_end_is_refused(tmp_path: Path) -> None:
    tags = {258: (16,) * 5, 259: (1,), 262: (1,), 277: (5,), 338: (0,) * 4}
    path = tiff(tmp_path / "a.tif", "<", (4, 4), shades(4, 4, 5).tobytes(), tags)
    path.write_bytes(path.read_bytes()[:-1])
    assert image_size(path) == (4, 4)
    assert "cut short" in refusal(lambda: read_image(path), path)


def test_tifffile_is_loaded_where_it_is_used() -> None:
    code = "import sys, pixelwise.data.images; print({'tifffile', 'pydicom'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
