"""Pictures of jointed figures that the package draws itself, with exact joints and masks: for tests and benchmarks.

A figure is a chain of tapered parts, dressed in woven, striped or spotted cloth, seen from the front or from behind; a
face or hair tells which, and so which side is left. Figures stand behind each other and behind posts and boards.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from pixelwise import files
from pixelwise.errors import DataError
from pixelwise.skeleton import COCO_17
from pixelwise.types import People, Size

SMALLEST, LARGEST = 40, 400
"""Pixels from head to foot of a figure that stands."""
FINE = 2
"""Parts are drawn so many times larger, so that their edges are soft."""
MOST = 6
_HIDDEN = 0.5
"""Of figures, that a post or board is put before."""

Points = NDArray[np.float64]
Plane = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class FigureDrawing:
    """A drawn picture and its truth.

    Attributes:
        image: (H, W, 3) uint8 sRGB.
        people: COCO's joints; hidden where something is before them, not labelled beyond the border.
        masks: (M, H, W) bool: what is seen of each.
        covered: (M,) share of each figure, within the picture, that something is before.
    """

    image: NDArray[np.uint8]
    people: People
    masks: Mask
    covered: NDArray[np.float64]


def draw_figures(seed: int, size: Size = (256, 320), most: int = MOST) -> FigureDrawing:
    """Draw one picture of one to ``most`` figures. The same seed and size give the same bytes.

    Args:
        seed: from 0.
        size: (height, width), each at least 64.

    Raises:
        DataError: a size that is smaller.
    """
    if min(size) < 64:
        raise DataError(f"The size {size[0]}x{size[1]} is too small: make both sides at least 64.")
    rng = np.random.default_rng([seed, *size])
    canvas = _background(rng, size)
    count = int(rng.integers(1, most + 1))
    largest = min(LARGEST, 1.1 * size[0])
    heights = np.sort(np.exp(rng.uniform(np.log(SMALLEST), np.log(largest), count)))  # the nearer, the larger
    whole: list[Mask] = []
    layers: list[Mask] = []  # what covers, from behind to the front; figures at `at`
    joints, at = [], []
    for height in heights:
        centre = rng.uniform([0.1, 0.35], [0.9, 0.65]) * [size[1], size[0]]
        points = _pose(rng, height, centre)
        mask = _draw_figure(rng, canvas, points, height)
        whole.append(mask)
        joints.append(points)
        at.append(len(layers))
        layers.append(mask)
        if rng.random() < _HIDDEN:
            layers.append(_draw_post(rng, canvas, points, height))
    masks, covered = _seen(whole, layers, at)
    return FigureDrawing(_camera(rng, canvas), _people(joints, masks, whole, size), masks, covered)


def write_figures(folder: Path, count: int, seed: int = 0, size: Size = (256, 320), most: int = MOST) -> Path:
    """Write drawings as COCO keypoints with masks: ``train`` and ``val`` pictures, four to one, and ``masks``.

    Returns:
        ``folder``, which ``pixelwise train folder --task pose`` reads.
    """
    if count < 2:
        raise DataError(f"The number of drawings is {count}: ask for at least 2.")
    held = {"train": range(count - max(1, count // 5)), "val": range(count - max(1, count // 5), count)}
    for split, indices in held.items():
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for index in indices:
            # Seeds are hashed, not counted up: the folders of seeds 0 and 1 must share no picture.
            drawn = draw_figures(int(np.random.SeedSequence([seed, index]).generate_state(1)[0]), size, most)
            name = f"figures_{index:04d}.png"
            for part, pixels in (
                (split, drawn.image),
                ("masks", drawn.masks.any(axis=0).astype(np.uint8) * 255),
            ):
                (folder / part).mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(folder / part / name)
            images.append({"id": index + 1, "file_name": name, "height": size[0], "width": size[1]})
            annotations += _annotations(drawn, index + 1, len(annotations) + 1)
        values = {"images": images, "annotations": annotations, "categories": [_category()]}
        files.write_text(folder / f"person_keypoints_{split}.json", json.dumps(values))
    return folder


def _category() -> dict[str, Any]:
    limbs = [[one + 1, other + 1] for one, other in COCO_17.limbs]
    return {"id": 1, "name": "person", "keypoints": list(COCO_17.joints), "skeleton": limbs}


def _annotations(drawn: FigureDrawing, image: int, first: int) -> list[dict[str, Any]]:
    found = []
    people = drawn.people
    for place in range(len(people)):
        seen = people.visibility[place] > 0
        triples = np.c_[(people.keypoints[place] - 0.5) * seen[:, None], people.visibility[place]]
        x0, y0, x1, y1 = people.boxes[place].tolist()
        found.append(
            {
                "id": first + place,
                "image_id": image,
                "category_id": 1,
                "iscrowd": 0,
                "keypoints": [round(float(number), 2) for number in triples.ravel()],
                "num_keypoints": int(seen.sum()),
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "area": float(people.areas[place]),
            }
        )
    return found


def _pose(rng: np.random.Generator, height: float, centre: Points) -> Points:
    """(17, 2) joints of a figure about ``height`` pixels high, its middle at ``centre``."""
    front = 1.0 if rng.random() < 0.7 else -1.0  # from behind its left is on the left
    lean = rng.normal(0, 0.25)
    up = np.array([np.sin(lean), -np.cos(lean)])
    left = np.array([-up[1], up[0]]) * front
    wide = rng.uniform(0.75, 1.0)
    hip, chest = centre, centre + 0.30 * height * up
    head = chest + 0.15 * height * up + rng.normal(0, 0.012, 2) * height
    joints = np.zeros((17, 2))
    joints[0] = head
    for place, across, above in ((1, 0.025, 0.02), (3, 0.052, 0.0)):
        joints[place] = head + left * across * height + up * above * height
        joints[place + 1] = head - left * across * height + up * above * height
    for side, sign in enumerate((1.0, -1.0)):
        joints[5 + side] = chest + left * sign * 0.105 * wide * height
        joints[11 + side] = hip + left * sign * 0.065 * wide * height
        arm = rng.uniform(-0.2, 2.4)
        joints[7 + side] = joints[5 + side] + 0.17 * height * _turned(-up, left * sign, arm)
        joints[9 + side] = joints[7 + side] + 0.15 * height * _turned(
            -up, left * sign, arm + rng.uniform(-0.3, 1.8)
        )
        leg = rng.uniform(-0.1, 0.7) if rng.random() < 0.8 else rng.uniform(0.7, 1.5)
        joints[13 + side] = joints[11 + side] + 0.24 * height * _turned(-up, left * sign, leg)
        joints[15 + side] = joints[13 + side] + 0.23 * height * _turned(
            -up, left * sign, leg - rng.uniform(0, 0.9)
        )
    return joints


def _turned(down: Points, outwards: Points, angle: float) -> Points:
    turned: Points = down * np.cos(angle) + outwards * np.sin(angle)
    return turned


def _draw_figure(rng: np.random.Generator, canvas: Plane, joints: Points, height: float) -> Mask:
    """Paint a figure onto (H, W, 3) in 0–1; returns where it is."""
    size = canvas.shape[0], canvas.shape[1]
    skin = np.array([0.9, 0.72, 0.6]) * rng.uniform(0.35, 1.05)
    shirt, trousers = (_cloth(rng, size, height) for _ in range(2))
    sleeves = rng.random() < 0.5
    bare = np.broadcast_to(skin, (*size, 3)) * _noise(rng, size, height / 20, 0.06)[..., None]
    whole = np.zeros(size, np.bool_)

    def part(points: Points, widths: tuple[float, ...], paint: Plane, shade: float) -> None:
        cover = _capsule(size, points, [width * height for width in widths])
        canvas[:] = canvas * (1 - cover[..., None]) + paint * shade * cover[..., None]
        whole[:] |= cover > 0.5

    near = int(rng.integers(0, 2))
    for side in (1 - near, near):
        shade = 0.8 if side != near else 1.0
        part(joints[[11 + side, 13 + side]], (0.055, 0.042), trousers, shade)
        part(joints[[13 + side, 15 + side]], (0.040, 0.026), trousers, shade)
        part(joints[[15 + side, 15 + side]], (0.03, 0.03), np.full((*size, 3), 0.12), shade)
    arms = [
        (joints[[5 + side, 7 + side]], joints[[7 + side, 9 + side]], side == near)
        for side in (1 - near, near)
    ]

    def draw_arm(upper: Points, lower: Points, is_near: bool) -> None:
        shade = 1.05 if is_near else 0.85
        part(upper, (0.036, 0.03), shirt, shade)
        part(lower, (0.028, 0.022), shirt if sleeves else bare, shade)
        part(lower[[1, 1]], (0.025, 0.025), bare, shade)

    draw_arm(*arms[0])
    neck, middle = joints[[5, 6]].mean(axis=0), joints[[11, 12]].mean(axis=0)
    part(np.array([neck, joints[0]]), (0.03, 0.03), bare, 0.85)
    part(np.array([joints[5], joints[11], joints[12], joints[6], joints[5]]), (0.035,) * 5, shirt, 1.0)
    part(np.array([neck, middle]), (0.09, 0.075), shirt, 1.0)
    _draw_head(rng, part, joints, bare, size)
    draw_arm(*arms[1])
    return whole


def _draw_head(rng: np.random.Generator, part: Any, joints: Points, bare: Plane, size: Size) -> None:
    hair = np.broadcast_to(np.array([0.5, 0.35, 0.2]) * rng.uniform(0.1, 1.4), (*size, 3))
    up = joints[0] - joints[[5, 6]].mean(axis=0)
    up = up / np.hypot(*up)
    left = joints[1] - joints[2]
    front = left[0] * up[1] - left[1] * up[0] < 0
    height = np.hypot(*(joints[3] - joints[4])) / 0.104
    top = joints[0] + up * 0.02 * height
    part(np.array([joints[0], top]), (0.058, 0.058), bare if front else hair, 1.0)
    if front:
        for side in (1, 2):
            part(joints[[side, side]], (0.011, 0.011), np.full((*size, 3), 0.08), 1.0)
        part(np.array([top + up * 0.028 * height] * 2), (0.045, 0.045), hair, 1.0)


def _draw_post(rng: np.random.Generator, canvas: Plane, joints: Points, height: float) -> Mask:
    """Paint a post or a board before part of a figure."""
    size = canvas.shape[0], canvas.shape[1]
    middle = joints[int(rng.integers(5, 17))] + rng.normal(0, 0.03, 2) * height
    way = np.array([0.0, 1.0]) if rng.random() < 0.6 else np.array([1.0, rng.normal(0, 0.2)])
    length = rng.uniform(0.2, 0.7) * height
    cover = _capsule(
        size, np.array([middle - way * length, middle + way * length]), [rng.uniform(0.04, 0.1) * height] * 2
    )
    paint = _cloth(rng, size, height)
    canvas[:] = canvas * (1 - cover[..., None]) + paint * cover[..., None]
    covered: Mask = cover > 0.5
    return covered


def _capsule(size: Size, points: Points, radii: list[float]) -> Plane:
    """(H, W) in 0–1: how much of each pixel a chain of tapered parts covers."""
    plane = Image.new("L", (size[1] * FINE, size[0] * FINE))
    pen = ImageDraw.Draw(plane)
    scaled = points * FINE
    for at, radius in enumerate(radii):
        r = max(radius * FINE, 0.6)
        x, y = scaled[at]
        pen.ellipse((x - r, y - r, x + r, y + r), fill=255)
    for one, other in zip(range(len(radii)), range(1, len(radii)), strict=False):
        way = scaled[other] - scaled[one]
        length = float(np.hypot(*way))
        if length < 1e-6:
            continue
        aside = np.array([-way[1], way[0]]) / length
        a, b = (max(radii[end] * FINE, 0.6) * aside for end in (one, other))
        corners = [scaled[one] + a, scaled[other] + b, scaled[other] - b, scaled[one] - a]
        pen.polygon([(float(x), float(y)) for x, y in corners], fill=255)
    small = plane.resize((size[1], size[0]), Image.Resampling.BOX)
    return np.asarray(small, np.float64) / 255


def _cloth(rng: np.random.Generator, size: Size, scale: float) -> Plane:
    """(H, W, 3) in 0–1: a woven, striped or spotted colour."""
    first, second = rng.uniform(0.05, 0.95, (2, 3))
    y, x = np.mgrid[: size[0], : size[1]]
    angle, step = rng.uniform(0, np.pi), max(3.0, scale * rng.uniform(0.03, 0.1))
    along = (x * np.cos(angle) + y * np.sin(angle)) / step
    across = (y * np.cos(angle) - x * np.sin(angle)) / step
    match int(rng.integers(0, 4)):
        case 0:
            share = np.zeros(size)
        case 1:
            share = (np.sin(2 * np.pi * along) > 0.2).astype(np.float64)
        case 2:
            share = ((np.sin(2 * np.pi * along) > 0.5) | (np.sin(2 * np.pi * across) > 0.5)).astype(
                np.float64
            ) * 0.6
        case _:
            share = (np.sin(2 * np.pi * along) * np.sin(2 * np.pi * across) > 0.5).astype(np.float64)
    colour = first * (1 - share[..., None]) + second * share[..., None]
    woven: Plane = colour * _noise(rng, size, max(1.0, scale / 25), 0.12)[..., None]
    return woven


def _background(rng: np.random.Generator, size: Size) -> Plane:
    """(H, W, 3) in 0–1: a ground and a wall, with things that are no figures."""
    wall, ground = (_cloth(rng, size, 160.0) * rng.uniform(0.6, 1.0) for _ in range(2))
    horizon = int(rng.uniform(0.35, 0.75) * size[0])
    canvas = np.concatenate([wall[:horizon], ground[horizon:]])
    for _ in range(int(rng.integers(2, 7))):
        places = rng.uniform(0, 1, (2, 2)) * [size[1], size[0]]
        if rng.random() < 0.5:
            places[1] = places[0]
        cover = _capsule(size, places, (rng.uniform(0.01, 0.09, 2) * min(size)).tolist())
        canvas = canvas * (1 - cover[..., None]) + _cloth(rng, size, 120.0) * cover[..., None]
    return canvas


def _noise(rng: np.random.Generator, size: Size, scale: float, depth: float) -> Plane:
    """(H, W) around 1: patches about ``scale`` pixels wide."""
    small = max(2, int(size[0] / scale)), max(2, int(size[1] / scale))
    grain = Image.fromarray(rng.normal(0, 1, small).astype(np.float32))
    grown = np.asarray(grain.resize((size[1], size[0]), Image.Resampling.BICUBIC), np.float64)
    patches: Plane = 1 + depth * grown
    return patches


def _camera(rng: np.random.Generator, canvas: Plane) -> NDArray[np.uint8]:
    """Lit from one side, a little soft, with the noise of a sensor."""
    height, width = canvas.shape[:2]
    y, x = np.mgrid[:height, :width]
    slope = rng.normal(0, 0.25, 2)
    light = 1 + slope[0] * (x / width - 0.5) + slope[1] * (y / height - 0.5)
    levels = (canvas * light[..., None]).clip(0, 1) * 255
    soft = Image.fromarray(levels.astype(np.uint8)).filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.8)))
    noisy = np.asarray(soft, np.float64) + rng.normal(0, 3.0, canvas.shape)
    return np.asarray(np.rint(noisy.clip(0, 255)), np.uint8)


def _seen(whole: list[Mask], layers: list[Mask], at: list[int]) -> tuple[Mask, NDArray[np.float64]]:
    """What is seen of each figure, and the share of it that is covered."""
    masks, covered = [], []
    for mask, place in zip(whole, at, strict=True):
        before = np.zeros_like(mask)
        for layer in layers[place + 1 :]:
            before |= layer
        masks.append(mask & ~before)
        covered.append(float((mask & before).sum() / max(1, mask.sum())))
    return np.stack(masks), np.array(covered)


def _people(joints: list[Points], masks: Mask, whole: list[Mask], size: Size) -> People:
    points = np.stack(joints)
    inside = ((points >= 0) & (points < [size[1], size[0]])).all(axis=-1)
    visibility = np.where(inside, 1, 0).astype(np.uint8)
    for person in range(len(points)):
        rows, columns = np.floor(points[person]).astype(int).T[::-1]
        seen = masks[person, rows.clip(0, size[0] - 1), columns.clip(0, size[1] - 1)]
        visibility[person, np.asarray(inside)[person] & seen] = 2
    boxes, areas = [], []
    for mask in whole:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if len(rows):
            boxes.append([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
        else:
            boxes.append([0, 0, 0, 0])
        areas.append(mask.sum())
    return People(
        points.astype(np.float32),
        visibility,
        np.array(boxes, np.float32),
        np.array(areas, np.float32),
        np.zeros(len(points), np.bool_),
        np.array(COCO_17.partners, np.int64),
    )
