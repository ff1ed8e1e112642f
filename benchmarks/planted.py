"""Faults planted into copies of real data, one kind at a time.

Each function spoils some of the pairs of a folder with ``images/NAME.jpg`` and ``masks/NAME.png`` (0 and 255) and
returns the files that a check should name, relative to the folder; none where the fault is of the whole set.
"""

from __future__ import annotations

import io
import shutil
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageChops
import PIL.ImageEnhance
import PIL.ImageFilter
import PIL.ImageOps

Plant = Callable[[Path, Sequence[str]], list[str]]


@dataclass(frozen=True)
class Fault:
    """A fault to plant.

    Attributes:
        name: of the fault.
        kind: the kind of finding that should name it.
        plant: spoils a folder; given its path and the names of its pairs.
        mends: a repaired copy should be free of it, with masks as they were before.
    """

    name: str
    kind: str
    plant: Plant
    mends: bool = False


def copy_pairs(source: Path, target: Path, count: int) -> list[str]:
    """Copy the first pairs of a folder with images and masks; their names."""
    names = sorted(path.stem for path in (source / "masks").iterdir())[:count]
    for folder, suffix in (("images", ".jpg"), ("masks", ".png")):
        (target / folder).mkdir(parents=True)
        for name in names:
            shutil.copy(source / folder / f"{name}{suffix}", target / folder)
    return names


def image_of(root: Path, name: str) -> Path:
    """An image's file."""
    return root / "images" / f"{name}.jpg"


def mask_of(root: Path, name: str) -> Path:
    """A mask's file."""
    return root / "masks" / f"{name}.png"


def open_picture(path: Path) -> PIL.Image.Image:
    """A picture, read whole so that its file can be written anew."""
    with PIL.Image.open(path) as picture:
        picture.load()
        return picture.copy()


def on_mask(change: Callable[[PIL.Image.Image], PIL.Image.Image], which: int = 3) -> Plant:
    """Change one mask."""

    def plant(root: Path, names: Sequence[str]) -> list[str]:
        path = mask_of(root, names[which])
        change(open_picture(path)).save(path)
        return [f"masks/{path.name}"]

    return plant


def on_image(
    change: Callable[[PIL.Image.Image], PIL.Image.Image], suffix: str = ".jpg", **options: Any
) -> Plant:
    """Change one image, and save it with this suffix."""

    def plant(root: Path, names: Sequence[str]) -> list[str]:
        path = image_of(root, names[3])
        changed = change(open_picture(path))
        path.unlink()
        changed.save(path.with_suffix(suffix), **options)
        return [f"images/{path.with_suffix(suffix).name}"]

    return plant


def on_bytes(change: Callable[[bytes], bytes], folder: str = "images") -> Plant:
    """Change the bytes of one file."""

    def plant(root: Path, names: Sequence[str]) -> list[str]:
        path = image_of(root, names[3]) if folder == "images" else mask_of(root, names[3])
        path.write_bytes(change(path.read_bytes()))
        return [f"{folder}/{path.name}"]

    return plant


def on_all_masks(change: Callable[[PIL.Image.Image], PIL.Image.Image]) -> Plant:
    """Change every mask alike."""

    def plant(root: Path, names: Sequence[str]) -> list[str]:
        for name in names:
            change(open_picture(mask_of(root, name))).save(mask_of(root, name))
        return []

    return plant


def added(
    change: Callable[[PIL.Image.Image], PIL.Image.Image], *, masks_too: bool = True, quality: int = 92
) -> Plant:
    """Add a changed copy of one image under another name."""

    def plant(root: Path, names: Sequence[str]) -> list[str]:
        change(open_picture(image_of(root, names[3]))).save(image_of(root, "another"), quality=quality)
        mask = open_picture(mask_of(root, names[3]))
        other = open_picture(mask_of(root, names[5])).resize(mask.size, PIL.Image.Resampling.NEAREST)
        (change(mask) if masks_too else change(other)).point(lambda v: 255 * (v > 127)).save(
            mask_of(root, "another")
        )
        return ["images/another.jpg", f"images/{names[3]}.jpg"]

    return plant


def _copied(root: Path, names: Sequence[str]) -> list[str]:
    shutil.copy(image_of(root, names[3]), image_of(root, "another"))
    shutil.copy(mask_of(root, names[3]), mask_of(root, "another"))
    return ["images/another.jpg", f"images/{names[3]}.jpg"]


def huge_header(_: bytes) -> bytes:
    """A PNG that says it is 30,000 × 30,000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def _animated(root: Path, names: Sequence[str]) -> list[str]:
    path = image_of(root, names[3])
    picture = open_picture(path).convert("P")
    path.unlink()
    picture.save(path.with_suffix(".gif"), save_all=True, append_images=[PIL.ImageOps.mirror(picture)])
    return [f"images/{path.stem}.gif"]


def _turned_by_exif(root: Path, names: Sequence[str], *, mask_too: bool) -> list[str]:
    path = image_of(root, names[3])
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    open_picture(path).transpose(PIL.Image.Transpose.ROTATE_90).save(path, exif=exif, quality=95)
    if mask_too:
        mask = mask_of(root, names[3])
        open_picture(mask).transpose(PIL.Image.Transpose.ROTATE_90).save(mask)
    return [f"images/{path.name}"]


def _deep(root: Path, names: Sequence[str]) -> list[str]:
    path = image_of(root, names[3])
    grey = np.asarray(open_picture(path).convert("L")).astype(np.uint16) * 257
    path.unlink()
    PIL.Image.fromarray(grey).save(path.with_suffix(".png"))
    return [f"images/{path.stem}.png"]


def _with_newline(root: Path, names: Sequence[str]) -> list[str]:
    image_of(root, names[3]).rename(image_of(root, "new\nline"))
    mask_of(root, names[3]).rename(mask_of(root, "new\nline"))
    return ["images/new\\nline.jpg"]


def _without_mask(root: Path, names: Sequence[str]) -> list[str]:
    mask_of(root, names[3]).unlink()
    return [f"images/{names[3]}.jpg"]


def _without_image(root: Path, names: Sequence[str]) -> list[str]:
    image_of(root, names[3]).unlink()
    return [f"masks/{names[3]}.png"]


def _clash(root: Path, names: Sequence[str]) -> list[str]:
    open_picture(image_of(root, names[4])).save(image_of(root, names[3]).with_suffix(".png"))
    return [f"images/{names[3]}.png"]


def _tiny(root: Path, names: Sequence[str]) -> list[str]:
    PIL.Image.new("RGB", (1, 1)).save(image_of(root, names[3]))
    PIL.Image.new("L", (1, 1)).save(mask_of(root, names[3]))
    return [f"images/{names[3]}.jpg"]


def _odd_size(root: Path, names: Sequence[str]) -> list[str]:
    for path in (image_of(root, names[3]), mask_of(root, names[3])):
        open_picture(path).resize((3000, 300), PIL.Image.Resampling.NEAREST).save(path)
    return [f"images/{names[3]}.jpg"]


def _mask_as(suffix: str, **options: Any) -> Plant:
    def plant(root: Path, names: Sequence[str]) -> list[str]:
        path = mask_of(root, names[3])
        picture = open_picture(path)
        path.unlink()
        picture.save(path.with_suffix(suffix), **options)
        return [f"masks/{path.with_suffix(suffix).name}"]

    return plant


def _jpeg_named_png(root: Path, names: Sequence[str]) -> list[str]:
    path = mask_of(root, names[3])
    open_picture(path).save(path, format="JPEG", quality=75)
    return [f"masks/{path.name}"]


def _jpeg_within_png(picture: PIL.Image.Image) -> PIL.Image.Image:
    return _through_jpeg(picture, 60)


def _through_jpeg(picture: PIL.Image.Image, quality: int) -> PIL.Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return PIL.Image.open(buffer)


def _coloured(picture: PIL.Image.Image) -> PIL.Image.Image:
    inside = np.asarray(picture) > 127
    return PIL.Image.fromarray(np.where(inside[..., None], [200, 30, 40], [0, 0, 120]).astype(np.uint8))


def _shaded(picture: PIL.Image.Image) -> PIL.Image.Image:
    clean = np.asarray(_coloured(picture)).astype(int)
    noise = np.random.default_rng(0).integers(-6, 7, clean.shape)
    return PIL.Image.fromarray(np.clip(clean + noise, 0, 255).astype(np.uint8))


def _photo_for_mask(root: Path, names: Sequence[str]) -> list[str]:
    open_picture(image_of(root, names[3])).convert("L").save(mask_of(root, names[3]))
    return [f"masks/{names[3]}.png"]


def _swapped_masks(root: Path, names: Sequence[str]) -> list[str]:
    """Exchange the masks of two images, scaled to fit."""
    first, second = mask_of(root, names[3]), mask_of(root, names[8])
    one, other = open_picture(first), open_picture(second)
    other.resize(one.size, PIL.Image.Resampling.NEAREST).save(first)
    one.resize(other.size, PIL.Image.Resampling.NEAREST).save(second)
    return [f"masks/{first.name}", f"masks/{second.name}"]


def _strange_mask(root: Path, names: Sequence[str]) -> list[str]:
    """The mask of an image that is not there any more."""
    place, stranger = mask_of(root, names[3]), mask_of(root, names[-1])
    open_picture(stranger).resize(open_picture(place).size, PIL.Image.Resampling.NEAREST).save(place)
    stranger.unlink()
    image_of(root, names[-1]).unlink()
    return [f"masks/{place.name}"]


def _repeated_mask(root: Path, names: Sequence[str]) -> list[str]:
    mask = open_picture(mask_of(root, names[3]))
    for path in (image_of(root, names[4]), mask_of(root, names[4])):
        open_picture(path).resize(mask.size, PIL.Image.Resampling.NEAREST).save(path)
    mask.save(mask_of(root, names[4]))
    return [f"masks/{names[3]}.png", f"masks/{names[4]}.png"]


def _pin_prick(picture: PIL.Image.Image) -> PIL.Image.Image:
    dotted = PIL.Image.new("L", picture.size)
    dotted.paste(
        255, (picture.width // 2, picture.height // 2, picture.width // 2 + 3, picture.height // 2 + 3)
    )
    return dotted


def _class_ids(root: Path, names: Sequence[str], last: int) -> None:
    """Make masks of ids 0, 1 and, in the lower half, ``last``."""
    for name in names:
        inside = np.asarray(open_picture(mask_of(root, name))) > 127
        ids = inside.astype(np.uint8)
        ids[len(ids) // 2 :][inside[len(ids) // 2 :]] = last
        PIL.Image.fromarray(ids).save(mask_of(root, name))


def _gap(root: Path, names: Sequence[str]) -> list[str]:
    _class_ids(root, names, 3)
    return []


def _splits(root: Path, names: Sequence[str], test: set[str]) -> None:
    rows = [f"{name},{'test' if name in test else 'train'}" for name in names]
    (root / "splits.csv").write_text("\n".join(["name,split", *rows]) + "\n")


def _untrained(root: Path, names: Sequence[str]) -> list[str]:
    _class_ids(root, names[:3], 2)
    _class_ids(root, names[3:], 1)
    _splits(root, names, set(names[:3]))
    return []


def leaking(change: Callable[[PIL.Image.Image], PIL.Image.Image], quality: int = 92) -> Plant:
    """Add a changed copy of a training image to the test split."""

    def plant(root: Path, names: Sequence[str]) -> list[str]:
        files = added(change, quality=quality)(root, names)
        _splits(root, [*names, "another"], {*names[-3:], "another"})
        return files

    return plant


def _leaking_group(root: Path, names: Sequence[str]) -> list[str]:
    rows = [
        f"{name},patient{index // 3},{'test' if index % 3 == 0 else 'train'}"
        for index, name in enumerate(names)
    ]
    (root / "splits.csv").write_text("\n".join(["name,patient,split", *rows]) + "\n")
    return []


def cropped(share: float) -> Callable[[PIL.Image.Image], PIL.Image.Image]:
    """The picture's part of this share of each side, off its middle."""

    def crop(picture: PIL.Image.Image) -> PIL.Image.Image:
        width, height = round(picture.width * share), round(picture.height * share)
        left, top = (picture.width - width) // 3, (picture.height - height) * 2 // 3
        return picture.crop((left, top, left + width, top + height))

    return crop


def _flat(picture: PIL.Image.Image) -> PIL.Image.Image:
    return PIL.Image.new("RGB", picture.size, (90, 80, 70))


MIRROR, TURN = PIL.ImageOps.mirror, PIL.Image.Transpose.ROTATE_90

FAULTS = (
    Fault("an image of no bytes", "file-empty", on_bytes(lambda content: b"")),
    Fault("a mask of no bytes", "file-empty", on_bytes(lambda content: b"", "masks")),
    Fault("an image cut short", "file-truncated", on_bytes(lambda content: content[: len(content) // 2])),
    Fault(
        "a mask cut short", "file-truncated", on_bytes(lambda content: content[: len(content) // 2], "masks")
    ),
    Fault("a text named .jpg", "file-foreign", on_bytes(lambda content: b"This is no picture.\n")),
    Fault("a header of 30,000 × 30,000", "file-enormous", on_bytes(huge_header)),
    Fault("an animation", "file-animated", _animated),
    Fault("a mask that is a JPEG named .png", "file-suffix", _jpeg_named_png),
    Fault("a name with a new line", "file-name", _with_newline, mends=True),
    Fault("16 bits a channel", "image-kind", _deep),
    Fault("CMYK", "image-cmyk", on_image(lambda one: one.convert("CMYK")), mends=True),
    Fault("an alpha channel", "image-alpha", on_image(lambda one: one.convert("RGBA"), ".png"), mends=True),
    Fault(
        "turned by EXIF, mask upright",
        "image-rotated",
        lambda root, names: _turned_by_exif(root, names, mask_too=False),
        mends=True,
    ),
    Fault(
        "turned by EXIF, mask as stored",
        "size-exif",
        lambda root, names: _turned_by_exif(root, names, mask_too=True),
        mends=True,
    ),
    Fault("a grey image", "image-grey", on_image(lambda one: one.convert("L"))),
    Fault("an image without mask", "pair-no-mask", _without_mask),
    Fault("a mask without image", "pair-no-image", _without_image),
    Fault("two images of one name", "pair-clash", _clash),
    Fault(
        "a mask turned by a quarter", "size-transposed", on_mask(lambda one: one.transpose(TURN)), mends=True
    ),
    Fault(
        "a mask twice the size",
        "size-factor",
        on_mask(lambda one: one.resize((2 * one.width, 2 * one.height), PIL.Image.Resampling.NEAREST)),
        mends=True,
    ),
    Fault(
        "a mask of another size",
        "size-differs",
        on_mask(lambda one: one.crop((0, 0, one.width - 40, one.height))),
    ),
    Fault("an image of one pixel", "size-tiny", _tiny),
    Fault("an image of odd size", "size-outlier", _odd_size),
    Fault("all masks black", "mask-single-value", on_all_masks(lambda one: PIL.Image.new("L", one.size))),
    Fault("a photograph for a mask", "mask-photo", _photo_for_mask),
    Fault(
        "an anti-aliased mask",
        "mask-smoothed",
        on_mask(lambda one: one.reduce(2).resize(one.size, PIL.Image.Resampling.BILINEAR)),
        mends=True,
    ),
    Fault(
        "a mask with soft edges",
        "mask-soft",
        on_mask(lambda one: one.filter(PIL.ImageFilter.GaussianBlur(7))),
        mends=True,
    ),
    Fault("a mask saved as JPEG", "mask-jpeg", _mask_as(".jpg", quality=75), mends=True),
    Fault("a JPEG saved again as PNG", "mask-jpeg", on_mask(_jpeg_within_png), mends=True),
    Fault("shades of two colours", "mask-near-colours", on_mask(_shaded)),
    Fault("two colours without legend", "mask-coloured", on_mask(_coloured)),
    Fault("0 and 128", "mask-unknown-value", on_mask(lambda one: one.point(lambda v: 128 * (v > 127)))),
    Fault("an inverted mask", "mask-inverted", on_mask(PIL.ImageOps.invert), mends=True),
    Fault("all masks inverted", "mask-inverted", on_all_masks(PIL.ImageOps.invert), mends=True),
    Fault(
        "a mask moved by 5%",
        "mask-shifted",
        on_mask(lambda one: PIL.ImageChops.offset(one, one.height // 20, 0)),
    ),
    Fault(
        "all masks moved by 3%",
        "mask-shifted",
        on_all_masks(lambda one: PIL.ImageChops.offset(one, 0, one.height // 33)),
    ),
    Fault("a mask upside down", "mask-turned", on_mask(PIL.ImageOps.flip), mends=True),
    Fault("two masks exchanged", "mask-exchanged", _swapped_masks),
    Fault("the mask of another image", "mask-misfit", _strange_mask),
    Fault("masks of 0 and 255", "mask-0-255", lambda root, names: []),
    Fault("one mask of 0 and 1", "mask-mixed", on_mask(lambda one: one.point(lambda v: v > 127)), mends=True),
    Fault("an empty mask", "mask-empty", on_mask(lambda one: PIL.Image.new("L", one.size))),
    Fault("a full mask", "mask-full", on_mask(lambda one: PIL.Image.new("L", one.size, 255))),
    Fault("one mask at two images", "mask-repeated", _repeated_mask),
    Fault("an object of nine pixels", "mask-area", on_mask(_pin_prick)),
    Fault("ids 0, 1 and 3", "class-gap", _gap),
    Fault("a class in test alone", "class-untrained", _untrained),
    Fault("an image of one colour", "image-flat", on_image(_flat)),
    Fault(
        "an image near black",
        "image-exposure",
        on_image(lambda one: PIL.ImageEnhance.Brightness(one).enhance(0.08)),
    ),
    Fault("a copy", "duplicate", _copied),
    Fault("a mirrored copy", "near-duplicate", added(MIRROR)),
    Fault("a copy turned by a quarter", "near-duplicate", added(lambda one: one.transpose(TURN))),
    Fault("a cropped copy", "near-duplicate", added(cropped(0.9))),
    Fault("a copy of half the size", "near-duplicate", added(lambda one: one.reduce(2))),
    Fault("a re-compressed copy", "near-duplicate", added(lambda one: one, quality=30)),
    Fault("a mirrored copy with another mask", "duplicate-masks-differ", added(MIRROR, masks_too=False)),
    Fault("a re-compressed copy in test", "leak", leaking(lambda one: one, quality=40)),
    Fault("a mirrored copy in test", "leak", leaking(MIRROR)),
    Fault("a cropped copy in test", "leak", leaking(cropped(0.9))),
    Fault("a patient in train and test", "leak-group", _leaking_group),
)
