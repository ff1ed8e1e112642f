"""Repaired copies: masks as they were before the fault, originals untouched, no file lost without a word."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageFilter
import pytest
from numpy.typing import NDArray
from tests.checks.drawn import (
    Mask,
    change,
    change_masks,
    checked,
    drawn,
    errors,
    image_of,
    mask_of,
    pixels,
    rename,
    save,
    with_splits,
)

from pixelwise.checks import Mended
from pixelwise.data.masks import read_mask
from pixelwise.errors import OutputError
from pixelwise.workflows.check import check
from pixelwise.workflows.data import open_data


def contents(root: Path) -> dict[str, bytes]:
    return {
        os.fsdecode(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def changes(copy: Path) -> dict[str, tuple[str, str]]:
    """What was done with each file and why, by its name."""
    with (copy / "changes.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len({row["file"] for row in rows}) == len(rows)
    return {row["file"]: (row["done"], row["why"]) for row in rows}


def mended(root: Path, copy: Path) -> Mended:
    """Mend, and hold the copy to what is true of every copy."""
    before = contents(root)
    looked_at = checked(root)
    result = looked_at.mend(copy)
    assert contents(root) == before
    lists = {"splits.csv", "legend.csv", "classes.txt", "data.csv"}
    listed = changes(copy)
    assert {looked_at.subject.name(root / name) for name in set(before) - lists} <= set(listed)
    written = [path for path in copy.rglob("*") if path.is_file()]
    parts = {path.relative_to(copy).parts[0] for path in written}
    assert parts <= {"images", "masks", "left-out", "changes.csv", *lists}
    kept = [path for path in written if path.relative_to(copy).parts[0] in {"images", "masks", "left-out"}]
    assert len(kept) == len(listed)
    assert not list(copy.parent.glob(".*"))  # nothing half-written
    return result


def smoothed(values: Mask) -> Mask:
    large = PIL.Image.fromarray(values.repeat(4, axis=0).repeat(4, axis=1))
    blurred = large.filter(PIL.ImageFilter.BoxBlur(3))
    return np.asarray(blurred.resize(values.shape[::-1], PIL.Image.Resampling.BOX))


def soft(values: Mask) -> Mask:
    return np.asarray(PIL.Image.fromarray(values).filter(PIL.ImageFilter.GaussianBlur(4)))


def through_jpeg(values: Mask) -> Mask:
    file = io.BytesIO()
    PIL.Image.fromarray(values).save(file, "JPEG", quality=70)
    with PIL.Image.open(file) as picture:
        return np.asarray(picture)


def disc(root: Path, index: int) -> Mask:
    """A mask whose edge is smooth, so that what a filter does to it can be undone nearly everywhere."""
    rows, columns = np.ogrid[:48, :64]
    values: Mask = np.uint8(255) * np.asarray((rows - 20) ** 2 + (columns - 30) ** 2 < 220)
    save(mask_of(root, index), values)
    return values


@pytest.mark.parametrize(
    ("fault", "kind", "differing"),
    [
        (smoothed, "mask-smoothed", 0),
        (soft, "mask-soft", 69),  # a tenth of the disc: fading makes it smaller
        (through_jpeg, "mask-jpeg", 0),
        (lambda values: values // 255, "mask-mixed", 0),
        (lambda values: values.repeat(3, axis=0).repeat(3, axis=1), "size-factor", 0),
    ],
)
def test_a_mask_is_as_before_its_fault(
    tmp_path: Path, fault: Callable[[Mask], NDArray[np.uint8]], kind: str, differing: int
) -> None:
    root = drawn(tmp_path / "data", 6)
    before = disc(root, 2)
    change(mask_of(root, 2), fault)
    result = checked(root)
    assert kind in {one.kind for one in result.result.findings}
    assert mended(root, tmp_path / "copy") == Mended(6, 1, 0)
    after = pixels(mask_of(tmp_path / "copy", 2))
    assert set(np.unique(after)) == {0, 255}
    assert (after != before).sum() <= differing
    assert changes(tmp_path / "copy")["masks/lesion_0002.png"][1]
    again = checked(tmp_path / "copy")
    assert kind not in {one.kind for one in again.result.findings}
    assert errors(again) == []
    for index in (0, 1, 3, 4, 5):
        assert mask_of(tmp_path / "copy", index).read_bytes() == mask_of(root, index).read_bytes()
        assert changes(tmp_path / "copy")[f"masks/lesion_000{index}.png"] == ("copied", "")


def test_an_inverted_mask_is_inverted_back(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data")
    before = pixels(mask_of(root, 2))
    change(mask_of(root, 2), lambda values: 255 - values)
    assert mended(root, tmp_path / "copy") == Mended(12, 1, 0)
    assert np.array_equal(pixels(mask_of(tmp_path / "copy", 2)), before)


@pytest.mark.parametrize("mask_too", [False, True])
def test_exif_turns_are_carried_out(tmp_path: Path, mask_too: bool) -> None:
    """Stored lying, shown upright after a quarter turn clockwise."""
    root = drawn(tmp_path / "data", 6)
    image, mask = pixels(image_of(root, 2)), pixels(mask_of(root, 2))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.fromarray(np.rot90(image).copy()).save(image_of(root, 2), exif=exif)
    if mask_too:
        change(mask_of(root, 2), np.rot90)
    assert mended(root, tmp_path / "copy") == Mended(6, 1, 0)
    assert np.array_equal(pixels(image_of(tmp_path / "copy", 2)), image)
    assert np.array_equal(pixels(mask_of(tmp_path / "copy", 2)), mask)
    assert errors(checked(tmp_path / "copy")) == []


def test_a_quarter_turn_is_undone_where_the_image_tells_which(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    rows, columns = np.mgrid[:48, :64]
    leaf = (((rows - 18) / 12) ** 2 + ((columns - 25) / 17) ** 2 < 1) | ((rows > 20) & (columns // 6 == 6))
    noise = np.random.default_rng(0).normal(0, 3, (48, 64, 3))
    save(image_of(root, 2), np.clip(60 + 120 * leaf[..., None] + noise, 0, 255).astype(np.uint8))
    save(mask_of(root, 2), np.rot90(np.uint8(255) * leaf))
    assert mended(root, tmp_path / "copy") == Mended(6, 1, 0)
    assert np.array_equal(pixels(mask_of(tmp_path / "copy", 2)), np.uint8(255) * leaf)
    assert "clockwise" in changes(tmp_path / "copy")["masks/lesion_0002.png"][0]


def test_a_quarter_turn_that_no_edge_tells_is_left_out(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    save(image_of(root, 2), noise)
    change(mask_of(root, 2), np.transpose)
    assert mended(root, tmp_path / "copy") == Mended(6, 0, 1)
    assert not image_of(tmp_path / "copy", 2).exists()
    assert image_of(tmp_path / "copy" / "left-out", 2).read_bytes() == image_of(root, 2).read_bytes()
    assert "which way its mask is turned" in changes(tmp_path / "copy")["masks/lesion_0002.png"][1]


def test_cmyk_and_alpha_become_rgb_as_seen(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    seen = pixels(image_of(root, 3))
    opaque = np.full((48, 64, 1), 255, np.uint8)
    opaque[:10] = 0
    change(image_of(root, 3), lambda values: np.dstack([values, opaque]))
    with PIL.Image.open(image_of(root, 4)) as picture:
        picture.convert("CMYK").save(image_of(root, 4).with_suffix(".tif"))
    image_of(root, 4).unlink()
    assert mended(root, tmp_path / "copy") == Mended(6, 2, 0)
    seen[:10] = 255
    assert np.array_equal(pixels(image_of(tmp_path / "copy", 3)), seen)
    assert pixels(image_of(tmp_path / "copy", 4)).shape == (48, 64, 3)
    assert checked(tmp_path / "copy").result.summary == "1 note."


def test_what_cannot_be_mended_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 8)
    image_of(root, 0).write_bytes(b"")
    change(mask_of(root, 1), lambda values: values // 2)
    mask_of(root, 2).unlink()
    image_of(root, 3).unlink()
    image_of(root, 4).with_suffix(".bmp").write_bytes(image_of(root, 4).read_bytes())
    with_splits(root, *["train"] * 8)
    assert mended(root, tmp_path / "copy") == Mended(7, 0, 4)
    listed = changes(tmp_path / "copy")
    clash = "Two files have the same name without suffix, or lie where there should be one."
    reasons = {name: why for name, (done, why) in listed.items() if done.startswith("copied to left-out/")}
    assert reasons == {
        "images/lesion_0000.png": "The file holds no bytes.",
        "masks/lesion_0000.png": "The file holds no bytes.",
        "images/lesion_0001.png": "The mask holds values that stand for no class.",
        "masks/lesion_0001.png": "The mask holds values that stand for no class.",
        "images/lesion_0002.png": "The image has no mask.",
        "masks/lesion_0003.png": "The mask has no image.",
        "images/lesion_0004.bmp": clash,
        "images/lesion_0004.png": clash,
        "masks/lesion_0004.png": clash,
        "splits.csv": "A line of the list cannot be used.",
    }
    assert errors(checked(tmp_path / "copy")) == []
    with (tmp_path / "copy" / "splits.csv").open(newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == [f"lesion_000{i}" for i in (5, 6, 7)]


def test_what_is_not_read_is_set_aside_too(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    (root / "images" / "phone.heic").write_bytes(b"a photograph")
    (root / "images" / "vol.nii.gz").write_bytes(b"a volume")
    assert mended(root, tmp_path / "copy") == Mended(6, 0, 0)
    for name in ("images/phone.heic", "images/vol.nii.gz"):
        assert (tmp_path / "copy" / "left-out" / name).read_bytes() == (root / name).read_bytes()
        assert changes(tmp_path / "copy")[name][0] == f"copied to left-out/{name}"


def archive(root: Path, image: str, mask: str) -> Path:
    """Six drawings in the folders of an archive, by patterns of their paths."""
    data = drawn(root / "drawn", 6)
    for index in range(6):
        for of, pattern in ((image_of, image), (mask_of, mask)):
            target = root / "archive" / pattern.format(f"{index:03}")
            target.parent.mkdir(parents=True, exist_ok=True)
            of(data, index).rename(target)
    return root / "archive"


PH2 = (
    "PH2Dataset/PH2 Dataset images/IMD{0}/IMD{0}_Dermoscopic_Image/IMD{0}.png",
    "PH2Dataset/PH2 Dataset images/IMD{0}/IMD{0}_lesion/IMD{0}_lesion.png",
)
CAMVID = ("CamVid/train/0006R0_{0}.png", "CamVid/trainannot/0006R0_{0}.png")
MADS = tuple(f"segmentation_full_body_mads/{part}/A_A1_C0_{{0}}.png" for part in ("images", "masks"))


@pytest.mark.parametrize(("layout", "paths"), [("ph2", PH2), ("camvid", CAMVID), ("mads", MADS)])
def test_what_is_set_aside_of_an_archive_is_no_part_of_its_copy(
    tmp_path: Path, layout: str, paths: tuple[str, str]
) -> None:
    root = archive(tmp_path, *paths)
    if layout == "camvid":
        for mask in (root / "CamVid" / "trainannot").iterdir():
            change(mask, lambda values: values // 255)
    (root / paths[0].format("002")).write_bytes(b"")
    assert open_data(root, strict=False).layout == layout
    assert mended(root, tmp_path / "copy").left_out == 1
    assert (tmp_path / "copy" / "left-out" / paths[0].format("002")).is_file()
    assert len(open_data(tmp_path / "copy")) == 5
    assert set(errors(checked(tmp_path / "copy"))) <= {"leak-group"}


def test_two_pictures_of_one_case_are_said_to_lie_together(tmp_path: Path) -> None:
    root = archive(tmp_path, *PH2)
    first = root / PH2[0].format("002")
    first.with_name("another.png").write_bytes(first.read_bytes())
    [clash] = [one for one in checked(root).result.findings if one.kind == "pair-clash"]
    assert "or lie where there should be one" in clash.what
    assert "holds 2 images where PH² has one" in clash.places[0].detail


def test_a_case_without_image_leaves_its_mask_in_sight(tmp_path: Path) -> None:
    root = archive(tmp_path, *PH2)
    (root / PH2[0].format("002")).unlink()
    assert mended(root, tmp_path / "copy") == Mended(5, 0, 0)
    assert (tmp_path / "copy" / "left-out" / PH2[1].format("002")).is_file()
    assert changes(tmp_path / "copy")[PH2[1].format("002")][1] == "The mask has no image."


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_hostile_names_are_spelt_anew(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    rename(root, 0, "new\nline.png")
    rename(root, 1, "new_line.png")
    rename(root, 2, "back\\slash.png")
    rename(root, 3, "\x1b[31m<b>.png")
    with_names = root / "splits.csv"
    rows = [["name", "split"], ["new\nline", "train"], ["new_line", "val"], ["back\\slash", "train"]]
    with with_names.open("w", newline="") as file:
        csv.writer(file).writerows([*rows, ["\x1b[31m<b>", "train"], ["lesion_0004", "test"]])
    result = checked(root).mend(tmp_path / "copy")
    assert (result.total, result.left_out) == (6, 0)
    names = {path.stem for path in (tmp_path / "copy" / "images").iterdir()}
    assert names == {path.stem for path in (tmp_path / "copy" / "masks").iterdir()}
    assert len(names) == 6
    assert all(name.isprintable() and "\\" not in name for name in names)
    again = open_data(tmp_path / "copy")
    splits = {sample.name: sample.split for sample in again.samples}
    assert sorted(filter(None, splits.values())) == ["test", "train", "train", "train", "val"]
    listed = changes(tmp_path / "copy")
    assert listed[r"images/new\nline.png"][0] == "copied as images/new_line.png"
    assert listed["images/new_line.png"][0] == "copied as images/new_line_.png"
    assert listed[r"images/back\\slash.png"][0] == "copied as images/back_slash.png"


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are Unicode there")
def test_names_that_are_no_utf8_are_set_aside(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    odd = os.fsencode(root / "images") + b"/a\xff.png"
    os.rename(os.fsencode(image_of(root, 2)), odd)  # noqa: PTH104
    result = checked(root)
    assert "file-name" in {one.kind for one in result.result.findings}
    result.mend(tmp_path / "copy")
    with open(odd, "rb") as file:  # noqa: PTH123
        assert (tmp_path / "copy" / "left-out" / "images" / "a_.png").read_bytes() == file.read()
    assert changes(tmp_path / "copy")["images/a\\udcff.png"][0] == "copied to left-out/images/a_.png"


def table(root: Path, folder: Path, *names: str) -> Path:
    """A CSV in ``folder`` that lists the drawings of ``root`` by paths from outside, and calls them so."""
    folder.mkdir()
    lines = [
        [image_of(root, i), os.path.relpath(mask_of(root, i), folder), name] for i, name in enumerate(names)
    ]
    with (folder / "data.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["image", "mask", "name"], *lines])
    return folder


def test_names_lead_nowhere_but_into_the_copy(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    outside = (tmp_path / "escaped", tmp_path / "copy" / "escaped")
    listed = table(
        root,
        tmp_path / "list",
        str(tmp_path / "escaped"),
        "../../escaped",
        "../escaped",
        "a/../../escaped",
        "..",
        ".",
    )
    change(mask_of(root, 2), lambda values: values // 2)  # to be set aside, by a path with ".."
    before = contents(root)
    result = checked(listed).mend(tmp_path / "copy")
    assert (result.total, result.left_out) == (6, 1)
    assert contents(root) == before
    assert not any(list(path.parent.glob("escaped*")) for path in outside)
    everywhere = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*")}
    assert everywhere == {"data", "list", "copy"}
    parts = {path.relative_to(tmp_path / "copy").parts[0] for path in (tmp_path / "copy").rglob("*")}
    assert parts <= {"images", "masks", "left-out", "changes.csv"}
    assert len(list((tmp_path / "copy" / "images").rglob("*.png"))) == 5


def test_splits_and_tags_are_carried_over(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    given = ["train", "val", "test", "train", "test", "train"]
    with_splits(root, *given, column="patient", values=list("aabbcc"))
    mended(root, tmp_path / "copy")
    again = open_data(tmp_path / "copy")
    assert [sample.split for sample in again.samples] == given
    assert [sample.tags["patient"] for sample in again.samples] == list("aabbcc")
    assert again.group == "patient"


def test_tags_are_carried_over_without_splits(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    rows = [
        [f"images/lesion_{i:04}.png", f"masks/lesion_{i:04}.png", f"p{i // 2}", "left, right"]
        for i in range(6)
    ]
    with (root / "data.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["image", "mask", "patient", "eye"], *rows])
    mended(root, tmp_path / "copy")
    again = open_data(tmp_path / "copy")
    assert again.group == "patient"
    assert [dict(sample.tags) for sample in again.samples] == [
        {"patient": f"p{i // 2}", "eye": "left, right"} for i in range(6)
    ]


@pytest.mark.parametrize("with_a_split", [True, False])
def test_the_size_of_pixels_is_carried_over(tmp_path: Path, with_a_split: bool) -> None:
    root = drawn(tmp_path / "data", 4)
    if with_a_split:
        with_splits(
            root, "train", "val", "test", "train", column="mm_per_pixel", values=["0.02", "", "1 2", "3"]
        )
    else:
        rows = [
            [f"images/lesion_{i:04}.png", f"masks/lesion_{i:04}.png", mm]
            for i, mm in enumerate(["0.02", "", "1 2", "3"])
        ]
        with (root / "data.csv").open("w", newline="") as file:
            csv.writer(file).writerows([["image", "mask", "mm_per_pixel"], *rows])
    mended(root, tmp_path / "copy")
    again = open_data(tmp_path / "copy").samples
    assert [sample.spacing for sample in again] == [(0.02, 0.02), None, (1.0, 2.0), (3.0, 3.0)]
    assert not any(sample.tags for sample in again)


def same_meaning(root: Path, copy: Path, **hints: object) -> None:
    """The same class ids by the same names, in the data and in the copy."""
    data, again = open_data(root, **hints), open_data(copy)  # type: ignore[arg-type]
    assert again.labels == data.labels
    assert [sample.name for sample in again.samples] == [sample.name for sample in data.samples]
    for one, other in zip(data.samples, again.samples, strict=True):
        was = read_mask(one.labels["mask"], data.mask_coding)
        assert np.array_equal(read_mask(other.labels["mask"], again.mask_coding), was)


@pytest.mark.parametrize("grey", [False, True])
def test_colours_of_a_legend_become_class_ids(tmp_path: Path, grey: bool) -> None:
    root = drawn(tmp_path / "data", 4)
    rows = ["hair,#804080", "background,#000000", '"lesion, dark",#ffffff', "ignore,#0a0a0a"]
    (root / "legend.csv").write_text("\n".join(["name,colour", *rows]) + "\n")
    if not grey:
        change_masks(
            root, lambda v: np.where((np.arange(64) < 20)[:, None], [128, 64, 128], np.dstack([v] * 3))
        )
    result = mended(root, tmp_path / "copy")
    assert result == Mended(4, 4, 0)
    same_meaning(root, tmp_path / "copy")
    assert open_data(tmp_path / "copy").labels.classes == ("background", "hair", "lesion, dark")


def test_shades_of_a_legend_s_colours_become_those(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 4)
    (root / "legend.csv").write_text("name,colour\nbackground,#101080\nlesion,#c81e28\n")
    before = pixels(mask_of(root, 1))
    change_masks(root, lambda values: np.where(values[..., None] > 0, [200, 30, 40], [16, 16, 128]))
    noise = np.random.default_rng(0).integers(-6, 7, (48, 64, 3))
    change(mask_of(root, 1), lambda values: values + noise)
    assert mended(root, tmp_path / "copy") == Mended(4, 4, 0)
    assert np.array_equal(pixels(mask_of(tmp_path / "copy", 1)), before)


def test_shades_of_colours_that_nobody_named_are_left_out(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 4)
    noise = np.random.default_rng(0).integers(-6, 7, (48, 64, 3))
    change(mask_of(root, 1), lambda v: np.where(v[..., None] > 0, [200, 30, 40], [20, 16, 120]) + noise)
    assert mended(root, tmp_path / "copy") == Mended(4, 0, 1)


def test_a_rare_colour_that_nobody_named_is_never_taken_for_another(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 4)
    (root / "legend.csv").write_text("name,colour\nbackground,#000000\nlesion,#ff0000\n")
    change_masks(root, lambda values: np.where(values[..., None] > 0, [255, 0, 0], [0, 0, 0]))
    spot = np.zeros((48, 64, 1))
    spot[2, 3:6] = 1
    noise = np.random.default_rng(0).integers(-6, 7, (48, 64, 3))
    spotted = np.where(
        spot, [0, 0, 255], np.where(pixels(mask_of(root, 1))[..., :1] > 0, [255, 0, 0], [0, 0, 0])
    )
    save(mask_of(root, 1), spotted.astype(np.uint8))
    save(mask_of(root, 2), (spotted + noise).clip(0, 255).astype(np.uint8))
    assert mended(root, tmp_path / "copy") == Mended(4, 2, 2)
    assert {path.name for path in (tmp_path / "copy" / "left-out" / "masks").iterdir()} == {
        "lesion_0001.png",
        "lesion_0002.png",
    }


def test_the_background_may_be_white(tmp_path: Path) -> None:
    """Cut at half, what is nearer to 255 is background here."""
    root = drawn(tmp_path / "data", 4)
    (root / "legend.csv").write_text("name,value\nbackground,255\nlesion,0\n")
    before = disc(root, 1)
    change_masks(root, lambda values: 255 - values)
    change(mask_of(root, 1), smoothed)
    assert mended(root, tmp_path / "copy") == Mended(4, 4, 0)
    assert np.array_equal(pixels(mask_of(tmp_path / "copy", 1)), before)
    assert open_data(tmp_path / "copy").labels.classes == ("background", "lesion")


def test_shades_between_several_classes_are_left_out(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 4)
    (root / "legend.csv").write_text("name,value\nbackground,0\nlesion,120\nhair,255\n")
    change_masks(root, lambda values: np.where(np.arange(64) < 9, 120, values))
    change(mask_of(root, 1), smoothed)
    result = mended(root, tmp_path / "copy")
    assert result.left_out == 1
    assert (tmp_path / "copy" / "left-out" / "masks" / "lesion_0001.png").is_file()


@pytest.mark.parametrize("named", [False, True])
def test_what_is_not_labelled_stays_so(tmp_path: Path, named: bool) -> None:
    """An unlabelled stripe in masks without object must not become object in the copy."""
    root = drawn(tmp_path / "data", 4)
    change_masks(root, lambda values: values // 255)
    change(mask_of(root, 1), lambda values: np.where(np.arange(64) < 9, 9, values * 0))
    if named:
        (root / "legend.csv").write_text("name,value\nbackground,0\nlesion,1\nignore,9\n")
    data = open_data(root, ignore=None if named else 9, strict=False)
    check(data).mend(tmp_path / "copy")
    same_meaning(root, tmp_path / "copy", ignore=None if named else 9)


def test_names_of_two_classes_are_kept(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 4)
    (root / "classes.txt").write_text("background\nnaevus\n")
    mended(root, tmp_path / "copy")
    same_meaning(root, tmp_path / "copy")


@pytest.mark.parametrize("where", ["full", "file", "images", "images/new"])
def test_a_folder_that_is_taken_or_among_the_data_is_refused(tmp_path: Path, where: str) -> None:
    root = drawn(tmp_path / "data", 4)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    out = root / where if where.startswith("images") else tmp_path / where
    before = contents(tmp_path)
    with pytest.raises(OutputError, match="--fix"):
        checked(root).mend(out)
    assert contents(tmp_path) == before


def test_an_empty_folder_and_one_beside_the_images_will_do(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 4)
    (tmp_path / "empty").mkdir()
    assert checked(root).mend(tmp_path / "empty").total == 4
    assert checked(root).mend(root / "fixed" / "new").total == 4
    assert errors(checked(root)) == []  # the copy is no part of the data
