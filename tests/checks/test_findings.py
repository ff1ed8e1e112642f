"""Faults planted into drawings are found at their files, and drawings without faults have none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from tests.checks.drawn import (
    Mask,
    change,
    change_both,
    change_masks,
    checked,
    drawn,
    errors,
    found,
    image_of,
    mask_of,
    pixels,
    rename,
    save,
    with_splits,
)

from pixelwise.checks import KINDS, Place
from pixelwise.checks.finding import SEVERITIES, gather
from pixelwise.checks.kinds import kinds_of_masks
from pixelwise.errors import one_line
from pixelwise.workflows.check import check
from pixelwise.workflows.data import open_data


@dataclass(frozen=True)
class Planted:
    """A fault, its kind and the files that should be named, image and mask by number or other files by name."""

    kind: str
    plant: Callable[[Path], object]
    files: tuple[str, ...]


def image(index: int) -> str:
    return f"images/lesion_{index:04}.png"


def mask(index: int) -> str:
    return f"masks/lesion_{index:04}.png"


def cmyk(root: Path) -> None:
    with PIL.Image.open(image_of(root, 2)) as picture:
        picture.convert("CMYK").save(image_of(root, 2).with_suffix(".tif"))
    image_of(root, 2).unlink()


def turned_by_exif(root: Path, *, mask_too: bool) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    lying = PIL.Image.fromarray(np.rot90(pixels(image_of(root, 2))))
    lying.save(image_of(root, 2), exif=exif)
    if mask_too:
        change(mask_of(root, 2), np.rot90)


def alpha(root: Path) -> None:
    change(image_of(root, 2), lambda values: np.dstack([values, values[..., :1]]))


def animated(root: Path) -> None:
    frames = [PIL.Image.new("L", (64, 48), value) for value in (0, 200)]
    frames[0].save(image_of(root, 2).with_suffix(".gif"), save_all=True, append_images=frames[1:])
    image_of(root, 2).unlink()


def stray_pixel(root: Path) -> None:
    change_masks(root, lambda values: values // 255)
    values = pixels(mask_of(root, 2))
    values[3, 5] = 2
    save(mask_of(root, 2), values)


def legend_of_three(root: Path) -> None:
    (root / "legend.csv").write_text("name,value\nbackground,0\nlesion,255\nhair,100\n")


def patient_on_both_sides(root: Path) -> None:
    patients = [f"p{i // 2}" for i in range(12)]
    with_splits(root, "train", *["test"] * 2, *["train"] * 9, column="patient", values=patients)


def class_in_test_alone(root: Path) -> None:
    change_masks(root, lambda values: values // 255)
    change(mask_of(root, 5), lambda values: values * 2)
    with_splits(root, *["train"] * 5, "test", *["train"] * 6)


def copied(root: Path) -> None:
    shutil.copy(image_of(root, 3), image_of(root, 12))
    shutil.copy(mask_of(root, 3), mask_of(root, 12))


def mirrored(root: Path) -> None:
    copied(root)
    change_both(root, 12, lambda values: values[:, ::-1])


def mirrored_but_not_its_mask(root: Path) -> None:
    mirrored(root)
    change(mask_of(root, 12), lambda values: np.roll(values, 30, 1))


def leaking(root: Path) -> None:
    mirrored(root)
    with_splits(root, *["train"] * 12, "test")


def of_fractions(root: Path) -> None:
    fractions = (pixels(mask_of(root, 2)) / 255).astype(np.float32)
    PIL.Image.fromarray(fractions).save(mask_of(root, 2).with_suffix(".tif"))
    mask_of(root, 2).unlink()


def named_bmp(root: Path) -> None:
    with PIL.Image.open(image_of(root, 2)) as picture:
        picture.load()
    picture.save(image_of(root, 2), "BMP")


def numbered(values: Mask) -> NDArray[np.uint16]:
    """A hundred cells of a grid, each with a number of its own, as instance masks have them."""
    rows, columns = (np.arange(side) * 10 // side for side in values.shape)
    cells = 10 * rows[:, None] + columns + 1
    found: NDArray[np.uint16] = np.where(values > 0, cells, cells % 100).astype(np.uint16)
    return found


def colours(values: Mask) -> Mask:
    return np.where(values[..., None] > 0, [200, 30, 40], [0, 0, 120]).astype(np.uint8)


def square(values: Mask, side: int) -> Mask:
    """A square object of so many pixels a side."""
    empty = np.zeros_like(values)
    empty[9 : 9 + side, 9 : 9 + side] = 255
    return empty


PLANTED = [
    Planted("file-empty", lambda root: image_of(root, 2).write_bytes(b""), (image(2),)),
    Planted(
        "file-truncated",
        lambda root: mask_of(root, 2).write_bytes(mask_of(root, 2).read_bytes()[:-30]),
        (mask(2),),
    ),
    Planted(
        "file-unread", lambda root: (root / "images" / "IMG_2.HEIC").write_bytes(b"."), ("images/IMG_2.HEIC",)
    ),
    Planted("file-foreign", lambda root: mask_of(root, 2).write_bytes(b"No picture."), (mask(2),)),
    Planted("file-animated", animated, ("images/lesion_0002.gif",)),
    Planted(
        "file-suffix",
        named_bmp,
        (image(2),),
    ),
    Planted(
        "file-name",
        lambda root: rename(root, 2, "a\tb.png"),
        (r"images/a\tb.png", r"masks/a\tb.png"),
    ),
    Planted("image-cmyk", cmyk, ("images/lesion_0002.tif",)),
    Planted("image-alpha", alpha, (image(2),)),
    Planted("image-rotated", lambda root: turned_by_exif(root, mask_too=False), (image(2),)),
    Planted("image-grey", lambda root: change(image_of(root, 2), lambda v: v[..., [1, 1, 1]]), (image(2),)),
    Planted("pair-no-mask", lambda root: mask_of(root, 2).unlink(), (image(2),)),
    Planted("pair-no-image", lambda root: image_of(root, 2).unlink(), (mask(2),)),
    Planted(
        "pair-clash",
        lambda root: shutil.copy(image_of(root, 3), image_of(root, 2).with_suffix(".bmp")),
        ("images/lesion_0002.bmp", image(2)),
    ),
    Planted("size-exif", lambda root: turned_by_exif(root, mask_too=True), (image(2), mask(2))),
    Planted("size-transposed", lambda root: change(mask_of(root, 2), np.transpose), (image(2), mask(2))),
    Planted(
        "size-factor",
        lambda root: change(mask_of(root, 2), lambda v: np.kron(v, np.ones((3, 3), np.uint8))),
        (image(2), mask(2)),
    ),
    Planted("size-differs", lambda root: change(mask_of(root, 2), lambda v: v[:-5]), (image(2), mask(2))),
    Planted(
        "size-tiny",
        lambda root: change_both(root, 2, lambda v: v[:9, :9]),
        (image(2),),
    ),
    Planted(
        "size-outlier",
        lambda root: change_both(root, 2, lambda v: v[20:36]),
        (image(2),),
    ),
    Planted(
        "mask-single-value",
        lambda root: change_masks(root, lambda v: v * 0),
        ("masks",),
    ),
    Planted("mask-deep", of_fractions, ("masks/lesion_0002.tif",)),
    Planted("mask-photo", lambda root: save(mask_of(root, 2), pixels(image_of(root, 2))[..., 1]), (mask(2),)),
    Planted(
        "mask-numbered", lambda root: save(mask_of(root, 2), numbered(pixels(mask_of(root, 2)))), (mask(2),)
    ),
    Planted("mask-coloured", lambda root: change(mask_of(root, 2), colours), (mask(2),)),
    Planted("mask-unknown-value", lambda root: change(mask_of(root, 2), lambda v: v // 2), (mask(2),)),
    Planted("mask-inverted", lambda root: change(mask_of(root, 2), lambda v: 255 - v), (mask(2),)),
    Planted("mask-mixed", lambda root: change(mask_of(root, 2), lambda v: v // 255), (mask(2),)),
    Planted("mask-empty", lambda root: change(mask_of(root, 2), lambda v: v * 0), (mask(2),)),
    Planted("mask-full", lambda root: change(mask_of(root, 2), lambda v: v * 0 + 255), (mask(2),)),
    Planted(
        "mask-repeated", lambda root: shutil.copy(mask_of(root, 3), mask_of(root, 4)), (mask(3), mask(4))
    ),
    Planted(
        "mask-area",
        lambda root: change(mask_of(root, 2), lambda v: square(v, 1)),
        (mask(2),),
    ),
    Planted("class-rare", stray_pixel, (mask(2),)),
    Planted("class-gap", legend_of_three, (".",)),
    Planted("class-untrained", class_in_test_alone, (".",)),
    Planted("image-flat", lambda root: change(image_of(root, 2), lambda v: v * 0 + 90), (image(2),)),
    Planted("image-exposure", lambda root: change(image_of(root, 2), lambda v: v // 12), (image(2),)),
    Planted("duplicate", copied, (image(3), image(12))),
    Planted("near-duplicate", mirrored, (image(3), image(12))),
    Planted("duplicate-masks-differ", mirrored_but_not_its_mask, (image(3), image(12))),
    Planted("leak", leaking, (image(3), image(12))),
    Planted("leak-group", patient_on_both_sides, (image(0), image(1))),
]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.kind)
def test_a_fault_is_found_at_its_files(tmp_path: Path, planted: Planted) -> None:
    root = drawn(tmp_path / "data")
    planted.plant(root)
    result = checked(root)
    places = found(result)
    assert planted.kind in places
    assert set(planted.files) <= {name for files in places[planted.kind] for name in files}
    # Of errors there is nothing else, and nowhere else, but what follows from this one.
    follows = {"mask-empty", "class-gap"} if planted.kind == "mask-single-value" else set()
    assert set(errors(result)) <= {planted.kind, *follows}
    if planted.kind != "leak-group":
        named = {name for kind in errors(result) for files in places[kind] for name in files}
        assert named <= set(planted.files)


@pytest.mark.parametrize("splits", [True, False])
def test_drawings_are_in_order(tmp_path: Path, splits: bool) -> None:
    root = drawn(tmp_path / "data", 16)
    if splits:
        with_splits(root, *["train", "val", "train", "test"] * 4)
    result = checked(root).result
    assert {one.kind for one in result.findings} <= {"mask-0-255"}
    assert result.summary == "1 note."
    assert (result.n_images, result.n_masks, result.layout) == (16, 16, "paired")


def test_what_has_no_error_can_be_read(tmp_path: Path) -> None:
    """All files spoilt in one way or another: what the check lets pass, training reads."""
    root = drawn(tmp_path / "data", 16)
    change(mask_of(root, 1), lambda values: values // 2)
    change(mask_of(root, 10), lambda values: values[:-1])
    mask_of(root, 3).write_bytes(b"")
    image_of(root, 4).write_bytes(b"BM")
    change(mask_of(root, 5), colours)
    change(mask_of(root, 6), lambda values: values // 255)
    animated_mask = [PIL.Image.new("L", (64, 48), value) for value in (0, 255)]
    animated_mask[0].save(mask_of(root, 7), save_all=True, append_images=animated_mask[1:])
    change(mask_of(root, 8), lambda values: np.where(values > 0, 255, np.arange(64) % 2))
    change(mask_of(root, 9), lambda values: np.dstack([values] * 3))
    of_fractions(root)
    dataset = open_data(root, strict=False)
    result = check(dataset)
    named = {
        name
        for one in result.result.findings
        if one.severity == "error"
        for place in one.places
        for name in place.files
    }
    good = [
        sample
        for sample in dataset.samples
        if not {f"images/{sample.image.name}", f"masks/{sample.labels['mask'].name}"} & named
    ]
    assert {sample.name[-2:] for sample in good} == {"00", "06", "09", "11", "12", "13", "14", "15"}
    for sample in good:
        dataset.read(sample)


def test_errors_come_first_then_the_order_of_kinds() -> None:
    names = ["mask-0-255", "duplicate", "leak", "file-empty", "file-suffix", "leak"]
    findings = gather((name, Place(files=(f"{index}",))) for index, name in enumerate(names))
    assert [one.kind for one in findings] == ["file-empty", "leak", "file-suffix", "duplicate", "mask-0-255"]
    assert [place.files for place in findings[1].places] == [("2",), ("5",)]
    assert [one.severity for one in findings] == ["error", "error", "warning", "warning", "note"]


def test_places_are_in_order_of_their_files() -> None:
    places = [Place(files=("b", "a")), Place(files=("a", "c")), Place(files=("a", "b"), detail="x")]
    [finding] = gather(("duplicate", place) for place in places)
    assert [place.files for place in finding.places] == [("a", "b"), ("a", "c"), ("b", "a")]


def test_kinds_say_what_and_what_to_do_in_sentences() -> None:
    for kind in KINDS.values():
        assert kind.severity in SEVERITIES
        assert kind.what[0].isupper()
        assert kind.what.endswith(".")
        assert kind.fix.endswith(".")


@pytest.mark.parametrize("mode", ["L", "P"])
def test_a_legend_of_colours_reads_grey_masks_and_palettes(tmp_path: Path, mode: str) -> None:
    root = drawn(tmp_path / "data", 6)
    colour = "#ffffff" if mode == "L" else "#800000"
    (root / "legend.csv").write_text(f"name,colour\nbackground,#000000\nlesion,{colour}\n")
    if mode == "P":
        for index in range(6):
            with PIL.Image.open(mask_of(root, index)) as picture:
                indices = picture.point(lambda value: value // 255).convert("P")
            indices.putpalette([0, 0, 0, 128, 0, 0])
            indices.save(mask_of(root, index))
    assert found(checked(root)) == {}


def test_many_class_ids_beside_255_are_no_shades(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    change_masks(root, lambda values: np.where(values > 0, np.arange(64) % 19, 0))
    change_masks(root, lambda values: np.where(np.arange(48)[:, None] < 2, 255, values))
    assert errors(checked(root)) == []


def test_a_crop_whose_mask_is_cropped_alike_agrees(tmp_path: Path) -> None:
    """Most of the object lies outside the crop: within it, the masks are one."""
    root = drawn(tmp_path / "data", 11)
    image = np.kron(pixels(image_of(root, 3)), np.ones((3, 3, 1), np.uint8))
    wide = np.zeros(image.shape[:2], np.uint8)
    wide[:, 120:] = 255
    save(image_of(root, 3), image)
    save(mask_of(root, 3), wide)
    save(image_of(root, 11), image[:130, :160])
    save(mask_of(root, 11), wide[:130, :160])
    places = found(checked(root))
    assert (("images/lesion_0003.png", "images/lesion_0011.png")) in places["near-duplicate"]
    assert "duplicate-masks-differ" not in places


def test_a_copy_has_the_mask_of_its_original_by_right(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data")
    copied(root)
    places = found(checked(root))
    assert places["duplicate"] == [(image(3), image(12))]
    assert "mask-repeated" not in places
    assert "duplicate-masks-differ" not in places


def test_neighbours_in_a_group_are_no_surprise(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data")
    mirrored(root)
    patients = [f"p{i % 9}" for i in range(13)]  # 3 and 12 are p3
    with_splits(root, *["train"] * 13, column="patient", values=patients)
    assert "near-duplicate" not in found(checked(root))
    copied(root)
    assert "duplicate" in found(checked(root))  # the very same twice is one


@pytest.mark.parametrize("split", [True, False])
def test_groups_that_names_show_are_proposed(tmp_path: Path, split: bool) -> None:
    root = drawn(tmp_path / "data", 8)
    for index in range(8):
        rename(root, index, f"patient{index // 2}_slice{index % 2}.png")
    if split:
        rows = [f"patient{i // 2}_slice{i % 2},{'test' if i == 3 else 'train'}" for i in range(8)]
        (root / "splits.csv").write_text("\n".join(["name,split", *rows]) + "\n")
    places = found(checked(root))
    assert places["groups-in-names"] == [(".",)]
    assert ("leak-names" in places) == split
    if split:
        assert places["leak-names"] == [("images/patient1_slice0.png", "images/patient1_slice1.png")]


def test_a_class_that_is_named_may_be_rare(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data")
    stray_pixel(root)
    assert set(found(checked(root))) == {"class-rare"}
    (root / "classes.txt").write_text("skin\nlesion\nhair\n")
    assert found(checked(root)) == {}


def test_a_class_in_a_tenth_of_the_masks_is_no_slip(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 20)
    change_masks(root, lambda values: values // 255)
    for index in (3, 7):
        change(mask_of(root, index), lambda values: values * 2)
    assert found(checked(root)) == {}


def test_what_is_ignored_is_no_second_class(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    result = check(open_data(root, ignore=255, strict=False))
    assert errors(result) == ["mask-single-value"]
    assert "mask-0-255" not in found(result)
    (root / "classes.txt").write_text("skin\nlesion\nhair\n")  # of three classes 255 is none
    assert errors(checked(root)) == ["mask-single-value"]


@pytest.mark.parametrize("cut", [lambda v: v[:1, :1], lambda v: v[:2, :3], lambda v: v[::20, ::20]])
def test_a_scrap_is_no_scaled_picture(tmp_path: Path, cut: Callable[[Mask], Mask]) -> None:
    root = drawn(tmp_path / "data", 6)
    change(image_of(root, 2), cut)
    assert errors(checked(root)) == ["size-differs"]
    change(image_of(root, 2), lambda values: np.zeros((12, 16, 3)))
    assert errors(checked(root)) == ["size-factor"]


def test_masks_that_are_not_understood_lie_nowhere(tmp_path: Path) -> None:
    """Blue is 0x0000FF, which as a grey level is 255."""
    root = drawn(tmp_path / "data")
    change_masks(root, lambda v: np.where(np.roll(v, 9, 1)[..., None] > 0, [0, 0, 255], [0, 0, 0]))
    assert set(found(checked(root))) == {"mask-coloured"}


def counted(values: Mask, count: int) -> Mask:
    """So many objects numbered from 1, side by side, one of them in two parts."""
    mask = np.zeros_like(values)
    for index in range(count):
        mask[5:20, 6 * index + 2 : 6 * index + 7] = index + 1
    mask[30:34, 3:9] = count
    return mask


def test_small_numbers_of_objects_are_no_classes(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data")
    for index in range(12):
        change(mask_of(root, index), lambda values, index=index: counted(values, 2 + index % 4))  # type: ignore[misc]
    result = checked(root)
    assert found(result)["mask-numbered"] == [(mask(index),) for index in range(12)]
    assert errors(result) == ["mask-numbered"]
    assert result.mend(tmp_path / "copy").left_out == 12
    (root / "classes.txt").write_text("".join(f"{name}\n" for name in ("background", *"abcde")))
    assert "mask-numbered" not in found(checked(root))  # its owner knows better


def nested(values: Mask, index: int) -> Mask:
    """A disc in which there may be a second, and in that a third."""
    rows, columns = np.ogrid[:48, :64]
    radius = np.hypot(rows - 24, columns - 32)
    rings = np.stack([radius < 20 - 6 * ring for ring in range(1 + index % 3)])
    found: Mask = rings.sum(axis=0).astype(np.uint8)
    return found


def several_patches(values: Mask, index: int) -> Mask:
    """Classes up to the second, third or fourth, each in many places."""
    found: Mask = np.kron(np.arange(12 * 16).reshape(12, 16) % (2 + index % 3), np.ones((4, 4))).astype(
        np.uint8
    )
    return found


def one_missing(values: Mask, index: int) -> Mask:
    """Four classes in one patch each; from every second mask one of them is missing."""
    mask = counted(values, 4)
    return np.where(mask == 1 + index % 4, 0, mask) if index % 2 else mask


@pytest.mark.parametrize("classes", [nested, several_patches, one_missing])
def test_classes_are_no_numbers_of_objects(tmp_path: Path, classes: Callable[[Mask, int], Mask]) -> None:
    root = drawn(tmp_path / "data")
    for index in range(12):
        change(mask_of(root, index), lambda values, index=index: classes(values, index))  # type: ignore[misc]
    assert errors(checked(root)) == []


def test_the_folder_of_all_masks_is_named(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    for index in range(6):
        for part, of in (("images", image_of), ("masks", mask_of)):
            split = "train" if index < 4 else "test"
            (root / split / part).mkdir(parents=True, exist_ok=True)
            of(root, index).rename(root / split / part / of(root, index).name)
    shutil.rmtree(root / "images")
    shutil.rmtree(root / "masks")
    assert found(checked(root)) == {"mask-0-255": [(".",)]}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ภาพ é x.png", "ภาพ é x.png"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("a\udcff", r"a\udcff"),
        ("\u202egnp.a", r"\u202egnp.a"),
    ],
)
def test_what_is_printed_cannot_control_a_terminal(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_kinds_of_masks_by_thirds_of_the_object(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    for index, rows in enumerate((4, 8, 12, 16, 30, 40)):
        save(mask_of(root, index), np.uint8(255) * (np.arange(48)[:, None] + np.zeros(64) < rows))
    kinds = kinds_of_masks(checked(root).subject)
    assert [kinds[f"lesion_{i:04}"] for i in range(6)] == ["small"] * 2 + ["medium"] * 2 + ["large"] * 2


def test_kinds_of_masks_by_the_rarest_class_but_not_what_is_unlabelled(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    change_masks(root, lambda values: values // 255)
    change(mask_of(root, 1), lambda values: values * 2)
    change(mask_of(root, 4), lambda v: np.where(np.arange(64) < 3, 255, v))
    kinds = kinds_of_masks(checked(root).subject)
    assert kinds["lesion_0001"] == "2"
    assert kinds["lesion_0004"] == "1"
