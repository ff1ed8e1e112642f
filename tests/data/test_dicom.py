"""DICOM files of one frame as pydicom writes them, and what is refused."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
    SecondaryCaptureImageStorage,
    generate_uid,
)
from tests.pictures import refusal, shades

from pixelwise.data.images import image_header, image_size, image_spacing, read_image
from pixelwise.data.pictures import PictureError
from pixelwise.types import RGB8, PixelFormat, Pixels


def dicom(path: Path, stored: NDArray[Any], syntax: str = ExplicitVRLittleEndian, **facts: Any) -> Path:
    """Write values as they are stored; ``facts`` are elements by keyword, None leaves one out."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    bits = stored.dtype.itemsize * 8
    elements = {
        "Rows": stored.shape[0],
        "Columns": stored.shape[1],
        "SamplesPerPixel": 1 if stored.ndim == 2 else stored.shape[2],
        "PhotometricInterpretation": "MONOCHROME2" if stored.ndim == 2 else "RGB",
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": facts.get("BitsStored", bits) - 1,
        "PixelRepresentation": int(stored.dtype.kind == "i"),
        **({"PlanarConfiguration": 0} if stored.ndim == 3 else {}),
        **facts,
    }
    for name, value in elements.items():
        if value is not None:
            setattr(file, name, value)
    file.add_new("PixelData", "OB" if bits == 8 else "OW", stored.tobytes() + b"\0" * (stored.nbytes % 2))
    file.save_as(path, enforce_file_format=True)
    return path


def read(path: Path) -> Pixels:
    """The image, whose header said what it is."""
    header, found = image_header(path), read_image(path)
    assert found.shape == (*header.size, header.pixels.channels)
    assert found.dtype.name == header.pixels.dtype
    return found


def test_values_without_rescaling_are_kept(tmp_path: Path) -> None:
    for dtype in ("uint16", "int16"):
        stored = shades(5, 7, dtype=dtype)
        np.testing.assert_array_equal(read(dicom(tmp_path / "a.dcm", stored))[..., 0], stored)


def test_hounsfield_units_by_hand(tmp_path: Path) -> None:
    """Slope 1 and intercept −1024, as in computed tomography: stored 0 is −1024, 1024 is water."""
    stored = np.array([[0, 1024, 4095]], np.uint16)
    path = dicom(tmp_path / "a.dcm", stored, BitsStored=12, RescaleSlope="1", RescaleIntercept="-1024")
    found = read(path)
    assert found.dtype == np.int16
    assert found[..., 0].tolist() == [[-1024, 0, 3071]]


def test_fractions_by_hand(tmp_path: Path) -> None:
    stored = np.array([[0, 3, 100]], np.uint16)
    path = dicom(tmp_path / "a.dcm", stored, RescaleSlope="0.5", RescaleIntercept="-1.25")
    assert read(path).dtype == np.float32
    assert read(path)[..., 0].tolist() == [[-1.25, 0.25, 48.75]]


def test_what_is_stored_dark_for_bright_is_turned_round(tmp_path: Path) -> None:
    """Of 12 bits, stored v stands for 4095 − v, which is then rescaled; of 12 signed bits for −1 − v."""
    inverted: dict[str, Any] = {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": 12}
    stored = np.array([[0, 1, 4095]], np.uint16)
    assert read(dicom(tmp_path / "a.dcm", stored, **inverted))[..., 0].tolist() == [[4095, 4094, 0]]
    path = dicom(tmp_path / "b.dcm", stored, **inverted, RescaleSlope="2", RescaleIntercept="-10")
    assert read(path)[..., 0].tolist() == [[8180, 8178, -10]]
    signed = np.array([[-2048, 0, 2047]], np.int16)
    assert read(dicom(tmp_path / "c.dcm", signed, **inverted))[..., 0].tolist() == [[2047, -1, -2048]]
    grey = np.array([[0, 250]], np.uint8)
    path = dicom(tmp_path / "d.dcm", grey, PhotometricInterpretation="MONOCHROME1")
    assert read(path).tolist() == [[[255] * 3, [5] * 3]]


def test_unused_high_bits_are_no_part_of_the_image(tmp_path: Path) -> None:
    stored = np.array([[0xF001, 0x0FFF]], np.uint16)
    assert read(dicom(tmp_path / "a.dcm", stored, BitsStored=12))[..., 0].tolist() == [[1, 4095]]


def test_pictures_of_8_bits(tmp_path: Path) -> None:
    colours = shades(4, 6, 3, dtype="uint8")
    np.testing.assert_array_equal(read(dicom(tmp_path / "rgb.dcm", colours)), colours)
    apart = np.ascontiguousarray(colours.transpose(2, 0, 1)).reshape(4, 6, 3)
    np.testing.assert_array_equal(read(dicom(tmp_path / "a.dcm", apart, PlanarConfiguration=1)), colours)
    grey = shades(4, 6, dtype="uint8")
    found = read(dicom(tmp_path / "grey.dicom", grey))
    np.testing.assert_array_equal(found, np.repeat(grey[..., None], 3, axis=2))
    assert image_header(tmp_path / "grey.dicom").pixels == RGB8


def test_luma_and_chroma_become_rgb(tmp_path: Path) -> None:
    """Red in YBR_FULL: Y 76, Cb 85, Cr 255 (DICOM PS3.3 C.7.6.3.1.2), back to red up to rounding."""
    stored = np.tile(np.array([76, 85, 255], np.uint8), (2, 2, 1))
    found = read(dicom(tmp_path / "a.dcm", stored, PhotometricInterpretation="YBR_FULL"))
    assert np.abs(found.astype(int) - [255, 0, 0]).max() <= 2


def test_compressed_without_loss(tmp_path: Path) -> None:
    stored = shades(8, 8)
    path = dicom(tmp_path / "a.dcm", stored)
    file = pydicom.dcmread(path)
    file.compress(RLELossless)
    file.save_as(path)
    np.testing.assert_array_equal(read(path)[..., 0], stored)


def undecodable(path: Path) -> Path:
    file = pydicom.dcmread(dicom(path, shades(8, 8)))
    file.compress(RLELossless)
    file.file_meta.TransferSyntaxUID = JPEGLSLossless
    file.save_as(path)
    return path


def test_what_is_refused(tmp_path: Path) -> None:
    grey, path = shades(4, 6), tmp_path / "a.dcm"
    colours = shades(4, 6, 3)
    wide = {"RescaleSlope": "2", "RescaleIntercept": "0"}
    cases = [
        (lambda: dicom(path, np.repeat(grey, 2, 0), Rows=4, NumberOfFrames=2), "several frames"),
        (lambda: dicom(path, grey, Rows=None, Columns=None), "holds no image"),
        (lambda: dicom(path, grey, PhotometricInterpretation="PALETTE COLOR"), "PALETTE COLOR"),
        (lambda: dicom(path, colours), "RGB of 16 bits"),
        (lambda: dicom(path, np.full((2, 2), 60_000, np.uint16), **wide), "16 bits do not hold"),
        (lambda: dicom(path, grey, Rows=65_535, Columns=65_535), "too large to read"),
        (lambda: dicom(path, grey, Rows=400), "cannot be decoded"),
        (lambda: dicom(path, grey, DeflatedExplicitVRLittleEndian), "packed as a whole"),
        (lambda: undecodable(path), "cannot be decoded"),
    ]
    for write, said in cases:
        write()  # type: ignore[no-untyped-call]
        assert said in refusal(lambda: read_image(path), path)


def test_without_pydicom_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = dicom(tmp_path / "a.dcm", shades(4, 6))
    monkeypatch.setitem(sys.modules, "pydicom", None)  # as Python marks what cannot be imported
    for one in (read_image, image_size):
        message = refusal(lambda one=one: one(path), path)  # type: ignore[misc]
        assert 'pip install -c constraints.txt ".[dicom]"' in message


def test_the_header_does_not_need_the_pixels(tmp_path: Path) -> None:
    path = dicom(tmp_path / "a.dcm", shades(300, 400))
    path.write_bytes(path.read_bytes()[:1000])
    assert image_size(path) == (300, 400)
    assert image_header(path).pixels == PixelFormat(1, "uint16")
    assert "cannot be decoded" in refusal(lambda: read_image(path), path)


def test_damaged_files_give_an_image_or_a_sentence(tmp_path: Path) -> None:
    path = dicom(tmp_path / "a.dcm", shades(16, 16), RescaleSlope="2", RescaleIntercept="-100")
    whole, draw = path.read_bytes(), random.Random(0)
    cases = [whole[: draw.randrange(132, len(whole))] for _ in range(30)]
    for _ in range(200):
        damaged = bytearray(whole)
        damaged[draw.randrange(132, draw.choice([700, len(whole)]))] = draw.randrange(256)
        cases.append(bytes(damaged))
    messages = []
    for case in cases:
        path.write_bytes(case)
        for one in (image_header, read_image):
            try:
                one(path)
            except PictureError as error:  # any other error fails the test
                messages.append(str(error))
    assert len(messages) > 20
    assert all(message.startswith(str(path)) and "\n" not in message for message in messages)


@pytest.mark.parametrize(
    ("written", "expected"),
    [(["0.7", "0.35"], (0.7, 0.35)), (None, None), (["0.7"], None), (["0", "1"], None)],
)
def test_the_size_of_pixels_is_that_between_rows_and_columns(
    tmp_path: Path, written: list[str] | None, expected: tuple[float, float] | None
) -> None:
    path = dicom(tmp_path / "a.dcm", shades(5, 7), PixelSpacing=written)
    assert image_spacing(path) == expected
