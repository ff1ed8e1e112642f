"""Dermoscopy-like pictures that the package draws itself: for the demo, the tests and the documentation.

Colour is optical density: skin, pigment and blood each absorb red, green and blue in a fixed ratio, and a picture
is ``exp(-density)``, lit by a lamp and seen by a camera. Lengths are fractions of the short side, so that a drawing
looks alike at any size. Inside, pictures are planes (3, H, W): NumPy is faster on them.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from pixelwise.errors import DataError

Tag = str
Plane = NDArray[np.float32]
Line = NDArray[np.float64]
Range = tuple[float, float]

SPLIT_SHARES = {"train": 0.60, "val": 0.15, "test": 0.25}

# What absorbs how much red, green and blue, (3, 1, 1) each; pigment deep in the skin looks blue-grey.
_SKIN, _MELANIN, _DEEP_MELANIN, _BLOOD, _SOOT = np.array(
    [[0.08, 0.19, 0.26], [0.56, 0.78, 0.98], [0.85, 0.62, 0.38], [0.05, 0.40, 0.33], [1.0, 1.0, 0.95]],
    np.float32,
)[..., None, None]
_INKS = ((78, 50, 120), (40, 60, 130), (52, 50, 62))


@dataclass(frozen=True)
class Drawing:
    """One drawn picture and its truth.

    ``image``: (H, W, 3) uint8 sRGB, 0-255. ``mask``: (H, W) bool, True inside the lesion.
    ``tags``: ``{"lesion": "common" | "atypical" | "melanoma-like"}``.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    tags: dict[str, Tag]


@dataclass(frozen=True)
class _Kind:
    """How one kind of lesion looks; ranges are drawn from evenly."""

    share: float  # of all drawings
    area: Range  # over the picture's
    lobes: int  # at most
    ragged: Range  # how far the border strays from an ellipse
    softness: Range  # of the edge, over the lesion's radius
    pigment: Range  # density
    disorder: float  # mottling, dots, redness
    zones: float  # how likely are black, blue-grey and regressed areas


_KINDS = {
    "common": _Kind(0.40, (0.03, 0.26), 1, (0.03, 0.09), (0.01, 0.05), (0.55, 1.3), 0.14, 0.0),
    "atypical": _Kind(0.35, (0.05, 0.40), 3, (0.08, 0.18), (0.03, 0.10), (0.27, 0.70), 0.36, 0.15),
    "melanoma-like": _Kind(0.25, (0.08, 0.45), 4, (0.10, 0.20), (0.01, 0.06), (0.45, 1.0), 0.40, 1.0),
}


@dataclass(frozen=True)
class _Shape:
    """A lesion's outline: ``depth`` (H, W) is about the distance in pixels to the border, positive inside."""

    depth: Plane
    centre: tuple[float, float]  # (x, y)
    radius: float


def draw_lesion(seed: int, size: tuple[int, int] = (288, 384)) -> Drawing:
    """Draw one skin lesion. The same seed and size give the same bytes.

    ``seed``: any integer from 0. ``size``: (height, width), each at least 32.
    """
    _check(seed, size)
    brush = _Brush(seed, size)
    tag = str(brush.rng.choice(list(_KINDS), p=[kind.share for kind in _KINDS.values()]))
    shape = _outline(brush, _KINDS[tag])
    picture = np.exp(-(_skin(brush) + _smudge(brush, shape) + _lesion(brush, _KINDS[tag], shape)))
    _ink(brush, picture, shape)
    _hairs(brush, picture)
    _bubbles(brush, picture)
    _ruler(brush, picture)
    mask = shape.depth > 0
    picture *= _light(brush, float(picture.mean()), mask)
    return Drawing(_camera(brush, picture), mask, {"lesion": tag})


def write_lesions(folder: Path, count: int, seed: int = 0, size: tuple[int, int] = (288, 384)) -> Path:
    """Write ``count`` drawings as ``images/*.png`` and ``masks/*.png`` (0 and 255); return ``folder``.

    ``splits.csv`` says name, lesion and split (train, val, test) of each; each kind of lesion is split alike.
    """
    _check(seed, size)
    if count < 1:
        raise DataError(f"The number of drawings is {count}: ask for at least 1.")
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    tags = {}
    for index in range(count):
        # Seeds are hashed, not counted up: the folders of seeds 0 and 1 must share no picture.
        drawing = draw_lesion(int(np.random.SeedSequence([seed, index]).generate_state(1)[0]), size)
        name = f"lesion_{index:04d}"
        Image.fromarray(drawing.image).save(folder / "images" / f"{name}.png")
        Image.fromarray(drawing.mask.astype(np.uint8) * 255).save(folder / "masks" / f"{name}.png")
        tags[name] = drawing.tags["lesion"]
    splits = _split(tags, seed)
    with (folder / "splits.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["name", "lesion", "split"])
        rows.writerows([name, tags[name], splits[name]] for name in tags)
    return folder


def _check(seed: int, size: tuple[int, int]) -> None:
    if seed < 0:
        raise DataError(f"The seed {seed} is negative: use 0 or any larger integer.")
    if min(size) < 32:
        raise DataError(f"The size {size[0]}x{size[1]} is too small: make both sides at least 32.")


def _split(tags: dict[str, Tag], seed: int) -> dict[str, str]:
    """Give each name the split furthest behind its share, one kind after another: every kind gets the shares."""
    order = np.random.default_rng([seed, len(tags)]).permutation(sorted(tags)).tolist()
    given = dict.fromkeys(SPLIT_SHARES, 0)
    splits = {}
    for position, name in enumerate(sorted(order, key=tags.__getitem__), start=1):
        split = max(given, key=lambda part: SPLIT_SHARES[part] * position - given[part])
        given[split] += 1
        splits[name] = split
    return splits


class _Brush:
    """The random numbers, pixel grid and noise of one drawing."""

    def __init__(self, seed: int, size: tuple[int, int]) -> None:
        self.rng = np.random.default_rng(seed)
        self.height, self.width = size
        self.unit = float(min(size))
        self.y, self.x = (grid.astype(np.float32) + 0.5 for grid in np.indices(size, sparse=True))

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def place(self) -> Line:
        """(2,) any point (x, y) of the picture."""
        return np.asarray(self.rng.uniform(0, 1, 2) * (self.width, self.height))

    def noise(self, low: float, high: float, slope: float = 1.0) -> Plane:
        """(H, W) noise of mean 0 and deviation 1 between two frequencies in cycles per short side.

        Shaped in the frequency domain, because noise interpolated from a grid shows the grid. Smooth noise is made
        small and enlarged, and cut from a larger field, because a Fourier transform's noise wraps around.
        """
        scale = min(1.0, 4.5 * high / self.unit)
        margin = 1.3 if scale < 1 else 1.0
        rows, columns = (max(8, round(side * scale * margin)) for side in (self.height, self.width))
        fy, fx = np.fft.fftfreq(rows)[:, None] ** 2, np.fft.rfftfreq(columns) ** 2
        f = np.sqrt(fy.astype(np.float32) + fx.astype(np.float32)) * (self.unit * scale)
        f[0, 0] = np.inf
        gain = f**-slope * np.exp(-((f / high) ** 2)) * -np.expm1(-((f / low) ** 2))
        parts = self.rng.standard_normal((2, *f.shape), np.float32) * gain
        field = np.fft.irfft2(parts[0] + 1j * parts[1], (rows, columns)).astype(np.float32)
        field *= 1 / float(field.std())
        if scale == 1:
            return field
        box = (0, 0, self.width * scale, self.height * scale)
        image = Image.fromarray(field).resize((self.width, self.height), Image.Resampling.BICUBIC, box)
        return np.asarray(image, np.float32)

    def spots(self, frequency: float, rarity: float) -> Plane:
        """(H, W) scattered round spots, 0-1: the peaks of narrow-band noise."""
        return _unit_range(self.noise(frequency * 0.8, frequency, 0.0) - rarity)

    def web(self, low: float, high: float, width: float, slope: float = 1.0) -> Plane:
        """(H, W) a net of thin winding lines, 0-1: where noise changes its sign."""
        return _unit_range(1 - np.abs(self.noise(low, high, slope)) / width)


class _Stencil:
    """A sheet to draw on, three times the picture's size, so that reducing it smooths the edges."""

    FACTOR = 3

    def __init__(self, brush: _Brush) -> None:
        self.sheet = Image.new("L", (brush.width * self.FACTOR, brush.height * self.FACTOR))
        self.draw = ImageDraw.Draw(self.sheet)

    def ribbon(self, line: Line, widths: Line, opacity: float) -> None:
        """Fill a band along ``line`` (N, 2) in pixels, as wide at each point as ``widths`` (N,), with round ends."""
        along = np.gradient(line, axis=0)
        across = along[:, ::-1] * (-1, 1) / np.linalg.norm(along, axis=1, keepdims=True)
        offset = across * widths[:, None] / 2
        edge = np.concatenate([line + offset, (line - offset)[::-1]]) * self.FACTOR
        self.draw.polygon([(x, y) for x, y in edge.tolist()], fill=round(opacity * 255))
        for end in (0, -1):
            self.disc(line[end], widths[end] / 2, opacity)

    def disc(self, centre: Line, radius: float, opacity: float) -> None:
        x, y, r = (float(value) * self.FACTOR for value in (*centre, radius))
        self.draw.ellipse((x - r, y - r, x + r, y + r), fill=round(opacity * 255))

    def ring(self, centre: Line, radius: float, opacity: float) -> None:
        self.disc(centre, radius, opacity)
        self.disc(centre, 0.85 * radius, 0)

    def paint(self, picture: Plane, colour: Sequence[float]) -> None:
        """Lay ``colour`` (sRGB 0-255) over ``picture`` (3, H, W), in place, where the sheet is drawn on."""
        alpha = np.asarray(self.sheet.reduce(self.FACTOR), np.float32) / 255
        for plane, value in zip(picture, colour, strict=True):
            plane += alpha * (value / 255 - plane)


def _unit_range(x: NDArray[np.floating[Any]]) -> Plane:
    return np.asarray(np.clip(x, 0, 1), np.float32)


def _sigmoid(x: NDArray[np.floating[Any]]) -> Plane:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), np.float32)


def _outline(brush: _Brush, kind: _Kind) -> _Shape:
    """Ragged lobes made into one, grown or shrunk to the wanted area."""
    area = brush.between(kind.area[0] ** 0.5, kind.area[1] ** 0.5) ** 2
    radius = (area * brush.height * brush.width / np.pi) ** 0.5
    x, y = centre = _centre(brush, radius)
    reach = _lobe(brush, centre, radius, kind)
    for _ in range(int(brush.rng.integers((kind.lobes + 1) // 2, kind.lobes + 1)) - 1):
        turn, away = brush.between(0, 2 * np.pi), radius * brush.between(0.5, 0.85)
        place = (x + away * float(np.cos(turn)), y + away * float(np.sin(turn)))
        reach = np.minimum(reach, _lobe(brush, place, radius * brush.between(0.4, 0.75), kind))
    border = float(np.partition(reach, round(area * reach.size), axis=None)[round(area * reach.size)])
    return _Shape((1 - reach / border) * radius, centre, radius)


def _centre(brush: _Brush, radius: float) -> tuple[float, float]:
    """A place for the lesion, often off the middle, at which most of it stays in the picture."""
    room = [max(0.04 * side, side / 2 - 1.05 * radius) * 0.85 for side in (brush.width, brush.height)]
    x, y = (
        0.5 * side + brush.between(-r, r) for side, r in zip((brush.width, brush.height), room, strict=True)
    )
    return x, y


def _lobe(brush: _Brush, centre: tuple[float, float], radius: float, kind: _Kind) -> Plane:
    """(H, W) distance from the lobe's centre over its radius in that direction: 1 on the border."""
    steps = 2048
    order = np.arange(2, 33)[:, None]
    strength = brush.between(*kind.ragged) * 1.4 / order**1.25 * brush.rng.standard_normal(order.shape)
    strength[0] += brush.between(0.0, 0.12)  # the second harmonic makes an ellipse
    turns = np.linspace(0, 2 * np.pi, steps, endpoint=False) + brush.rng.uniform(0, 2 * np.pi, order.shape)
    border = radius * np.exp((strength * np.cos(order * turns)).sum(axis=0)).astype(np.float32)
    dx, dy = brush.x - centre[0], brush.y - centre[1]
    nearest = (np.arctan2(dy, dx) * (steps / (2 * np.pi))).astype(np.int32) & (steps - 1)
    return np.asarray(np.sqrt(dx**2 + dy**2) / border[nearest], np.float32)


def _skin(brush: _Brush) -> Plane:
    """(3, H, W) density of bare skin: tone, blotches, fine relief, redness, small vessels, freckles."""
    tone = 1.15 * brush.between(0, 1) ** 1.7
    melanin = tone + (0.03 + 0.05 * tone) * brush.noise(1, 14) + 0.03 * brush.noise(14, 70, 0.5)
    melanin -= brush.between(0.0, 0.07) * brush.web(9, 22, 0.5)
    blood = brush.between(0.15, 0.8) + brush.between(0.03, 0.11) * brush.noise(1, 6)
    if brush.chance(0.5):
        blood += brush.between(0.15, 0.5) * brush.web(4, 9, 0.07, 1.5) * _sigmoid(2 * brush.noise(1, 3) - 1)
    if brush.chance(0.35):
        melanin += brush.between(0.2, 0.5) * brush.spots(13, 2.1)
    return np.asarray(_SKIN + np.maximum(melanin, 0) * _MELANIN + np.maximum(blood, 0) * _BLOOD, np.float32)


def _lesion(brush: _Brush, kind: _Kind, shape: _Shape) -> Plane:
    """(3, H, W) density that the lesion adds to the skin; half of it is left at the mask's border."""
    softness = brush.between(*kind.softness) * shape.radius
    alpha = _sigmoid(shape.depth / (softness * np.exp(0.5 * brush.noise(1, 3))))
    melanin = 1 + brush.between(-0.3, 0.5) * _unit_range(shape.depth / shape.radius)
    melanin += kind.disorder * brush.noise(1.5, 10)
    patchy = _sigmoid(3 * brush.noise(1, 4))
    melanin += brush.between(0.1, 0.7) * (brush.web(18, 30, 1.0, 0.0) - 0.4) * patchy
    melanin += 2 * kind.disorder * brush.spots(24, 1.3) * (1 - patchy)
    melanin = np.maximum(melanin, 0.3) * brush.between(*kind.pigment)
    blood = np.maximum(brush.between(0, 2 * kind.disorder) * (1 + 0.6 * brush.noise(1, 5)), 0)
    density = np.asarray(melanin * _MELANIN + blood * _BLOOD, np.float32)
    if brush.chance(kind.zones):
        _zones(brush, density)
    return np.asarray(density * alpha, np.float32)


def _zones(brush: _Brush, density: Plane) -> None:
    """Lay black, blue-grey and pale regressed areas over a lesion's ``density`` (3, H, W), in place."""
    black, blue, pale = (_sigmoid(4 * (brush.noise(1, 5, 1.3) - rarity)) for rarity in (0.8, 0.7, 0.9))
    density += brush.between(0.2, 1.0) * black * _MELANIN
    density *= (1 - 0.6 * blue) * (1 - 0.7 * pale)
    density += brush.between(0.4, 1.0) * blue * _DEEP_MELANIN + brush.between(0.1, 0.5) * pale * _BLOOD


def _smudge(brush: _Brush, shape: _Shape) -> Plane:
    """(3, H, W) or (3, 1, 1) density of a grey smear of dirt beside the lesion: dark, but without its structure."""
    if not brush.chance(0.25):
        return np.zeros((3, 1, 1), np.float32)
    turn, (x, y) = brush.between(0, np.pi), brush.place().tolist()
    cos, sin = float(np.cos(turn)), float(np.sin(turn))
    along = ((brush.x - x) * cos + (brush.y - y) * sin) / (brush.unit * brush.between(0.15, 0.4))
    across = ((brush.y - y) * cos - (brush.x - x) * sin) / (brush.unit * brush.between(0.06, 0.15))
    smear = np.exp(-(along**2) - across**2 + 0.3 * brush.noise(2, 12))
    beside = _sigmoid(-4 - 50 / brush.unit * shape.depth)
    return np.asarray(brush.between(0.3, 0.8) * smear * beside * _SOOT, np.float32)


def _curve(brush: _Brush, middle: Line, length: float, bend: float) -> Line:
    """(24, 2) points of a smoothly bending stroke through ``middle``, in any direction."""
    t = np.linspace(-1, 1, 24)
    angle = brush.between(0, 2 * np.pi) + bend * t + brush.rng.normal(0, bend / 3 + 0.05) * t**2
    steps = np.stack([np.cos(angle), np.sin(angle)], axis=1) * length / 23
    return np.asarray(np.cumsum(steps, axis=0) - steps[:12].sum(axis=0) + middle)


def _hairs(brush: _Brush, picture: Plane) -> None:
    """Tapering strokes over skin and lesion: none, a few or many; dark, and at times pale."""
    for likely, most, colour in ((0.6, 26, (38, 28, 24)), (0.2, 8, (190, 172, 150))):
        if not brush.chance(likely):
            continue
        stencil, thick = _Stencil(brush), brush.unit * brush.between(0.004, 0.014)
        for _ in range(int(1 + most * brush.rng.random() ** 2)):
            line = _curve(brush, brush.place(), brush.unit * brush.between(0.3, 1.3), brush.between(0.0, 0.9))
            taper = np.linspace(1, brush.between(0.2, 0.8), len(line)) * brush.between(0.5, 1)
            stencil.ribbon(line, np.maximum(thick * taper, 0.5), brush.between(0.4, 0.95))
        stencil.paint(picture, [value + brush.between(-15, 15) for value in colour])


def _ink(brush: _Brush, picture: Plane, shape: _Shape) -> None:
    """A surgeon's pen: one to three strokes around the lesion."""
    if not brush.chance(0.18):
        return
    stencil = _Stencil(brush)
    for _ in range(int(brush.rng.integers(1, 4))):
        turn, away = brush.between(0, 2 * np.pi), shape.radius * brush.between(1.4, 1.9)
        middle = np.array(shape.centre) + away * np.array([np.cos(turn), np.sin(turn)])
        line = _curve(brush, middle, brush.unit * brush.between(0.12, 0.35), brush.between(0, 0.5))
        widths = brush.unit * brush.between(0.02, 0.045) * brush.rng.uniform(0.8, 1.1, len(line))
        stencil.ribbon(line, widths, brush.between(0.5, 0.85))
    stencil.paint(picture, _INKS[int(brush.rng.integers(len(_INKS)))])


def _bubbles(brush: _Brush, picture: Plane) -> None:
    """Bubbles in the gel, a dark rim around a bright one and a glint, and the lamp's glints on the skin."""
    if not brush.chance(0.4):
        return
    rims, shine = _Stencil(brush), _Stencil(brush)
    for _ in range(int(1 + 10 * brush.rng.random() ** 2)):
        place, radius = brush.place(), brush.unit * (0.01 + 0.06 * brush.rng.random() ** 3)
        rims.ring(place, radius, brush.between(0.2, 0.5))
        shine.ring(place, 0.85 * radius, brush.between(0.2, 0.5))
        shine.disc(place - 0.4 * radius, 0.22 * radius, 0.9)
        shine.disc(brush.place(), brush.unit * brush.between(0.002, 0.006), brush.between(0.4, 0.9))
    rims.paint(picture, (70, 50, 45))
    shine.paint(picture, (255, 250, 245))


def _ruler(brush: _Brush, picture: Plane) -> None:
    """Tick marks along one edge, every fifth and tenth longer."""
    if not brush.chance(0.18):
        return
    stencil, width = _Stencil(brush), max(0.7, 0.006 * brush.unit)
    vertical, far, tilt = brush.chance(0.5), brush.chance(0.5), brush.between(-0.03, 0.03)
    side, depth = (brush.height, brush.width) if vertical else (brush.width, brush.height)
    for count, place in enumerate(np.arange(0, side, brush.unit * brush.between(0.025, 0.05))):
        reach = brush.unit * (0.085 if count % 10 == 0 else 0.06 if count % 5 == 0 else 0.035)
        ends = brush.unit * 0.02 + tilt * place + np.array([0, reach])
        tick = np.stack([place - tilt * (ends - ends[0]), depth - ends if far else ends], axis=1)
        stencil.ribbon(tick[:, ::-1] if vertical else tick, np.full(2, width), 0.8)
    stencil.paint(picture, (30, 28, 30) if brush.chance(0.75) else (225, 225, 225))


def _light(brush: _Brush, brightness: float, mask: NDArray[np.bool_]) -> Plane:
    """(3, H, W) lamp: a gradient, exposure, colour cast, vignette and, at times, a round lens with dark corners."""
    corner = float(np.hypot(brush.width, brush.height)) / 2
    dx, dy = (brush.x - brush.width / 2) / corner, (brush.y - brush.height / 2) / corner
    away = np.sqrt(dx**2 + dy**2)
    lamp = 1 + (brush.between(-0.18, 0.18) * dx + brush.between(-0.18, 0.18) * dy)
    lamp -= brush.between(0.0, 0.45) * away * away * away  # a power of 3 is slow
    if brush.chance(0.3):
        # The lens never hides a part of the lesion: its mask would be untrue there.
        rim = max(brush.between(0.78, 0.95), float(away[mask].max()) + 0.02)
        lamp *= 1 - 0.95 * _sigmoid((away - rim) * brush.between(60, 250))
    # Cameras brighten dark scenes, but not all the way.
    exposure = (0.62 / brightness) ** 0.45 * brush.between(0.85, 1.12)
    cast = np.exp(brush.rng.normal(0, 0.045, (3, 1, 1)).astype(np.float32))
    return np.asarray(lamp * cast * exposure, np.float32)


def _camera(brush: _Brush, picture: Plane) -> NDArray[np.uint8]:
    """(H, W, 3) uint8: a little out of focus, with sensor noise."""
    sharp = np.clip(picture * 255, 0, 255).astype(np.uint8)
    blur = ImageFilter.GaussianBlur(brush.unit * brush.between(0.0008, 0.004))
    seen = Image.merge("RGB", [Image.fromarray(plane) for plane in sharp]).filter(blur)
    grain = brush.rng.standard_normal((brush.height, brush.width, 3), np.float32)
    grain *= brush.between(0.8, 4.0)
    grain += np.asarray(seen)
    return np.asarray(np.clip(grain, 0, 255, out=grain), np.uint8)
