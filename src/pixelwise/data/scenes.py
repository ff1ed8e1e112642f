"""Pictures of things that lie on stuff, drawn by the package itself with exact masks: for tests and benchmarks.

Sand, grass and water are told by their texture, pebbles, leaves, starfish and rings by their shape: all have colours
of one distribution, so that no colour tells a class. Things lie over one another, touch those of their class, throw
shadows, are cut by the border, and are as small as a twentieth or as large as half of the short side. What is seen
through a ring is what lies behind it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from pixelwise import files
from pixelwise.data.synthetic import SPLIT_SHARES
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask
from pixelwise.types import Size

STUFF = ("sand", "grass", "water")
THINGS = ("pebble", "leaf", "starfish", "ring")
LABELS = Labels(classes=(*STUFF, *THINGS), background=None, things=(3, 4, 5, 6))
SMALLEST = 32
"""Pixels of the shorter side of a picture."""
MOST = 14
SMALL, LARGE = 0.03, 0.25
"""Radii of things over the picture's shorter side."""
BESIDE = 0.45
"""Of things, those that are put beside one that lies there, touching it or over it."""
SEEN = 0.25
"""Share of a thing that others leave in sight at least."""

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class SceneDrawing:
    """A drawn picture and its truth.

    Attributes:
        image: (H, W, 3) uint8 sRGB.
        class_map: (H, W) uint8 ids of ``LABELS``; every pixel has one.
        instance_map: (H, W) int32: things numbered from 1 from behind to the front, 0 on stuff.
        objects: of number *n* at *n* − 1, whole: what others cover belongs to it too, what the border cuts does not.
        covered: share of each of them that others cover.
    """

    image: NDArray[np.uint8]
    class_map: NDArray[np.uint8]
    instance_map: NDArray[np.int32]
    objects: tuple[ObjectMask, ...]
    covered: tuple[float, ...]


@dataclass(frozen=True)
class _Thing:
    """Where a thing lies: pixel (x, y) of its centre, mean radius in pixels, and what its colour is."""

    class_id: int
    x: float
    y: float
    radius: float
    colour: Plane


def draw_scene(seed: int, size: Size = (256, 320), most: int = MOST) -> SceneDrawing:
    """Draw one picture of up to ``most`` things, at times of none. The same seed, size and number give the same bytes.

    Args:
        seed: from 0.
        size: (height, width), each at least ``SMALLEST``.

    Raises:
        DataError: a negative seed or number, or a size that is smaller.
    """
    _check(seed, size, most)
    rng = np.random.default_rng([seed, *size, most])
    canvas, classes = _ground(rng, size)
    numbers = np.zeros(size, np.int32)
    things: list[_Thing] = []
    whole: list[Mask] = []
    areas: list[int] = []
    for _ in range(0 if rng.random() < 0.04 else int(rng.integers(1, most + 1)) if most else 0):
        thing = _placed(rng, size, things)
        window, cover = _outline(rng, thing, size)
        if window is None:
            continue
        mask = cover > 0.5
        left = areas - np.bincount(numbers[window][mask], minlength=len(areas) + 1)[1:]
        if not mask.any() or (left < SEEN * np.array([one.sum() for one in whole])).any():
            continue
        _paint(rng, canvas, window, cover, thing)
        things.append(thing)
        full = np.zeros(size, np.bool_)
        full[window] = mask
        whole.append(full)
        numbers[full], classes[full] = len(things), thing.class_id
        areas = [*left.tolist(), int(mask.sum())]
    objects = tuple(
        ObjectMask.from_mask(mask, one.class_id, original=place)
        for place, (mask, one) in enumerate(zip(whole, things, strict=True), start=1)
    )
    covered = tuple(1 - seen / one.area for seen, one in zip(areas, objects, strict=True))
    return SceneDrawing(_camera(rng, canvas), classes, numbers, objects, covered)


def write_scenes(
    folder: Path,
    count: int,
    seed: int = 0,
    size: Size = (256, 320),
    most: int = MOST,
    *,
    stuff: bool = True,
) -> Path:
    """Write drawings as the layout ``instances``, with ``classes``, ``legend.csv`` and ``splits.csv``.

    Args:
        stuff: tell what things lie on, for ``--task panoptic``; else it is background, for ``--task instance``.

    Returns:
        ``folder``.

    Raises:
        DataError: fewer than 3 drawings, or what :func:`draw_scene` refuses.
    """
    _check(seed, size, most)
    if count < 3:
        raise DataError(f"The number of drawings is {count}: ask for at least 3.")
    rows = [["name", "split"]]
    lower = len(STUFF) - 1  # classes are numbered anew behind a background
    given = dict.fromkeys(SPLIT_SHARES, 0)
    for index in range(count):
        # Seeds are hashed, not counted up: the folders of seeds 0 and 1 must share no picture.
        drawn = draw_scene(int(np.random.SeedSequence([seed, index]).generate_state(1)[0]), size, most)
        on_stuff = drawn.instance_map == 0
        name = f"scene_{index:04d}"
        for part, pixels in (
            ("images", drawn.image),
            ("instances", drawn.instance_map),
            ("classes", drawn.class_map if stuff else np.where(on_stuff, 0, drawn.class_map - lower)),
        ):
            (folder / part).mkdir(parents=True, exist_ok=True)
            wide = np.uint16 if part == "instances" else np.uint8
            Image.fromarray(pixels.astype(wide)).save(folder / part / f"{name}.png")
        split = max(given, key=lambda part: SPLIT_SHARES[part] * (index + 1) - given[part])
        given[split] += 1
        rows.append([name, split])
    kinds = dict.fromkeys(STUFF, "stuff") | {"background": ""} | dict.fromkeys(THINGS, "thing")
    names = LABELS.classes if stuff else ("background", *THINGS)
    legend = [[name, str(value), kinds[name]] for value, name in enumerate(names)]
    files.write_text(folder / "legend.csv", _csv([["name", "value", "kind"], *legend]))
    files.write_text(folder / "splits.csv", _csv(rows))
    return folder


def _check(seed: int, size: Size, most: int) -> None:
    if seed < 0 or most < 0:
        raise DataError(
            f"Seed {seed} and number of things {most} may not be negative: use 0 or larger integers."
        )
    if min(size) < SMALLEST:
        raise DataError(f"The size {size[0]}x{size[1]} is too small: make both sides at least {SMALLEST}.")


def _csv(lines: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def _ground(rng: np.random.Generator, size: Size) -> tuple[Plane, NDArray[np.uint8]]:
    """The canvas (H, W, 3) in 0–1 with up to three kinds of stuff, and their class ids (H, W)."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32) / np.float32(min(size))
    angle = rng.uniform(0, 2 * np.pi)
    height = np.cos(angle) * x + np.sin(angle) * y + 0.35 * _noise(rng, size, min(size) / 4)
    order = rng.permutation(len(STUFF))[: int(rng.choice([1, 2, 3], p=[0.15, 0.5, 0.35]))]
    steps = np.quantile(height, np.sort(rng.uniform(0.15, 0.85, len(order) - 1)))
    classes = order.astype(np.uint8)[np.searchsorted(steps, height.ravel()).reshape(size)]
    canvas = np.zeros((*size, 3), np.float32)
    for class_id in order.tolist():
        inside = classes == class_id
        texture = _TEXTURES[STUFF[class_id]](rng, size)[..., None]
        colour = _colour(rng)
        canvas[inside] = (colour * (1 + np.float32(0.30) * texture))[inside]
    return canvas, classes


def _sand(rng: np.random.Generator, size: Size) -> Plane:
    """Grains."""
    return _norm(0.8 * rng.normal(0, 1, size).astype(np.float32) + _noise(rng, size, min(size) / 12))


def _grass(rng: np.random.Generator, size: Size) -> Plane:
    """Blades, about upright."""
    length, lean = max(3, min(size) // 24), rng.normal(0, 0.25)
    grain = rng.normal(0, 1, size).astype(np.float32)
    blades = sum(np.roll(grain, (step, round(lean * step)), (0, 1)) for step in range(length))
    return _norm(np.asarray(blades, np.float32) + _noise(rng, size, min(size) / 8))


def _water(rng: np.random.Generator, size: Size) -> Plane:
    """Waves, about level."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    length = min(size) / rng.uniform(16, 32)
    phase = y + rng.normal(0, 0.15) * x + 1.5 * length * _noise(rng, size, 4 * length)
    return _norm(np.sin(2 * np.pi * phase / length).astype(np.float32) + 0.3 * _noise(rng, size, length))


_TEXTURES: dict[str, Callable[[np.random.Generator, Size], Plane]] = {
    "sand": _sand,
    "grass": _grass,
    "water": _water,
}


def _norm(texture: Plane) -> Plane:
    scaled = (texture - texture.mean()) / (texture.std() + np.float32(1e-6))
    return np.asarray(scaled.clip(-2, 2), np.float32)


def _colour(rng: np.random.Generator) -> Plane:
    """(3,) in 0–1, of things and stuff alike: earthy, neither black nor white."""
    grey, tint = rng.uniform(0.25, 0.75), rng.normal(0, 0.09, 3)
    return np.asarray((grey + tint - tint.mean()).clip(0.08, 0.92), np.float32)


def _placed(rng: np.random.Generator, size: Size, things: list[_Thing]) -> _Thing:
    """A new thing: anywhere, or beside one that lies there, of its class and nearly its colour and size."""
    short = min(size)
    if things and rng.random() < BESIDE:
        near = things[int(rng.integers(len(things)))]
        radius = float(np.clip(near.radius * np.exp(rng.normal(0, 0.15)), SMALL * short, LARGE * short))
        angle, apart = rng.uniform(0, 2 * np.pi), (near.radius + radius) * rng.uniform(0.65, 1.0)
        colour = (near.colour + rng.normal(0, 0.04, 3)).clip(0.08, 0.92).astype(np.float32)
        x, y = near.x + apart * np.cos(angle), near.y + apart * np.sin(angle)
        return _Thing(near.class_id, float(x), float(y), radius, colour)
    radius = float(np.exp(rng.uniform(np.log(SMALL), np.log(LARGE)))) * short
    x, y = rng.uniform(-0.02, 1.02, 2) * (size[1], size[0])
    return _Thing(int(rng.choice(LABELS.things)), float(x), float(y), radius, _colour(rng))


_Window = tuple[slice, slice]


def _outline(rng: np.random.Generator, thing: _Thing, size: Size) -> tuple[_Window | None, Plane]:
    """The part of the picture that a thing reaches to, and how much it covers there of each pixel, (h, w) in 0–1."""
    reach = 1.8 * thing.radius + 2
    x0, x1 = max(0, int(thing.x - reach)), min(size[1], int(thing.x + reach) + 1)
    y0, y1 = max(0, int(thing.y - reach)), min(size[0], int(thing.y + reach) + 1)
    turn, squeeze = rng.uniform(0, 2 * np.pi), rng.uniform(0.65, 1.0)
    phases, depth = rng.uniform(0, 2 * np.pi, 3), rng.uniform(0.0, 0.07)
    hole = rng.uniform(0.4, 0.6)
    if x0 >= x1 or y0 >= y1:
        return None, np.zeros((0, 0), np.float32)
    y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32) + np.float32(0.5)
    along = (x - thing.x) * np.cos(turn) + (y - thing.y) * np.sin(turn)
    across = (y - thing.y) * np.cos(turn) - (x - thing.x) * np.sin(turn)
    name = LABELS.classes[thing.class_id]
    if name == "leaf":
        across = across + 0.15 * along**2 / thing.radius  # it bends
        half = 1.55 * thing.radius
        wide = 0.62 * squeeze * thing.radius * (1 - (along / half) ** 2).clip(0, None)
        inside = wide - np.abs(across)
    else:
        if name == "pebble":
            across = across / squeeze
        theta = np.arctan2(across, along)
        wave = sum(depth * np.sin(n * theta + phase) for n, phase in enumerate(phases, start=2))
        if name == "starfish":
            wave = wave + 0.38 * np.cos(5 * theta)
        distance = np.hypot(along, across)
        inside = thing.radius * (1 + wave) - distance
        if name == "ring":
            inside = np.minimum(inside, distance - hole * thing.radius * (1 + wave))
    cover: Plane = np.asarray((inside + 0.5).clip(0, 1), np.float32)
    return (slice(y0, y1), slice(x0, x1)), cover


def _paint(rng: np.random.Generator, canvas: Plane, window: _Window, cover: Plane, thing: _Thing) -> None:
    """Lay a thing, and its shadow, onto the canvas."""
    shadow = _blurred(cover, max(1.0, thing.radius / 8))
    shift = max(1, round(thing.radius / 7))
    fallen = np.zeros_like(shadow)
    fallen[shift:, shift:] = shadow[:-shift, :-shift]
    below = canvas[window]
    below *= 1 - np.float32(rng.uniform(0.15, 0.45)) * fallen[..., None]
    # Rounded: lit where it faces the lamp, above and to the left.
    relief = _blurred(cover, max(1.0, thing.radius / 3))
    slope_y, slope_x = np.gradient(relief) if min(relief.shape) > 1 else (relief * 0, relief * 0)
    light = 1 + np.float32(0.9 * thing.radius / 3) * (slope_x + slope_y) + np.float32(0.3) * (relief - 1)
    size = cover.shape[0], cover.shape[1]
    texture = _noise(rng, size, max(2.0, thing.radius * rng.uniform(0.1, 0.8))) * rng.uniform(0.03, 0.14)
    paint = thing.colour * (light * (1 + texture)).astype(np.float32)[..., None]
    below += (paint - below) * cover[..., None]


def _blurred(values: Plane, radius: float) -> Plane:
    picture = Image.fromarray((values * 255).astype(np.uint8))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), np.float32) / np.float32(255)


def _noise(rng: np.random.Generator, size: Size, scale: float) -> Plane:
    """(H, W) around 0 with deviation about 1: patches about ``scale`` pixels wide."""
    small = max(2, round(size[0] / scale)), max(2, round(size[1] / scale))
    grain = Image.fromarray(rng.normal(0, 1, small).astype(np.float32))
    return np.asarray(grain.resize((size[1], size[0]), Image.Resampling.BICUBIC), np.float32)


def _camera(rng: np.random.Generator, canvas: Plane) -> NDArray[np.uint8]:
    """Lit from one side, a little soft, with the noise of a sensor."""
    height, width = canvas.shape[:2]
    slope = rng.normal(0, 0.2, 2).astype(np.float32)
    light = 1 + slope[0] * (np.arange(width, dtype=np.float32) / width - 0.5)
    light = light + (slope[1] * (np.arange(height, dtype=np.float32) / height - 0.5))[:, None]
    levels = (canvas * light[..., None]).clip(0, 1) * 255
    soft = Image.fromarray(levels.astype(np.uint8)).filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.7)))
    noisy = np.asarray(soft, np.float32) + rng.normal(0, 4.0, canvas.shape).astype(np.float32)
    return np.asarray(np.rint(noisy.clip(0, 255)), np.uint8)
