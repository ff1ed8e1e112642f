"""Near-duplicates: what is found among real images as they are, of copies planted among them, of neighbouring frames.

    python benchmarks/near_duplicates.py DATA --half held
    python benchmarks/near_duplicates.py DATA --sets --count 10000

DATA is the folder that holds ph2/, ccp/, camvid/ and the others. Copies are made of every second image: thresholds
were set on those of ``--half tuned``; ``held`` are the others. ``--count`` times that many signatures, made of strong
cuts of all images, turned by angles that are no copies.
"""

from __future__ import annotations

import argparse
import io
import itertools
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import PIL.Image
from PIL.Image import Resampling, Transpose
from PIL.ImageEnhance import Brightness, Contrast

from pixelwise.data.duplicates import Match, Signature, clusters, find_near_duplicates, signature

SETS = {
    "ph2": ["ph2/PH2Dataset/PH2 Dataset images/*/*_Dermoscopic_Image/*"],
    "ccp": ["ccp/images/*"],
    "camvid": ["camvid/train/*", "camvid/val/*"],
    "pennfudan": ["pennfudan/PennFudanPed/PNGImages/*"],
    "isic2017": ["isic2017/images/*"],
    "dsb2018": ["dsb2018/images/*"],
    "lsp": ["lsp/train/*", "lsp/val/*"],
    "tiny_coco": ["tiny_coco/*2017/*.jpg"],
}

Picture = PIL.Image.Image
Random = np.random.Generator
Change = Callable[[Picture, Random], Picture]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS))
    parser.add_argument("--half", choices=["tuned", "held"], default="held")
    parser.add_argument("--copies", type=int, default=100, help="images per set that are copied, at most")
    parser.add_argument("--count", type=int, default=0, help="time so many signatures")
    options = parser.parse_args()
    recalls = {}
    for name in options.sets:
        files = listed(options.data, name)
        pictures = [PIL.Image.open(file).convert("RGB") for file in files]
        signatures = [signature(np.asarray(picture)) for picture in pictures]
        report_untouched(name, files, signatures)
        if name == "camvid":
            report_frames(files, find_near_duplicates(signatures))
        chosen = range(options.half == "held", len(files), 2)[: options.copies]
        recalls[name] = {
            kind: recall(signatures, pictures, chosen, change) for kind, change in changes().items()
        }
    if recalls:
        report_recalls(recalls, options.half)
    if options.count:
        report_time(options.data, options.count)


def listed(data: Path, name: str) -> list[Path]:
    """The images of a set, in order."""
    return [file for pattern in SETS[name] for file in sorted(data.glob(pattern))]


def report_untouched(name: str, files: Sequence[Path], signatures: Sequence[Signature]) -> None:
    """What is found among the images as they are."""
    begin = time.perf_counter()
    matches = find_near_duplicates(signatures)
    seconds = time.perf_counter() - begin
    groups = clusters(matches, len(files))
    largest = max(map(len, groups), default=0)
    print(f"{name}: {len(files)} images, {len(matches)} pairs, largest group {largest}, {seconds:.1f} s")
    for match in matches if name != "camvid" else ():
        first, second = files[match.first].name, files[match.second].name
        print(f"    {first} {second} {match.score} {match.how}", flush=True)


def report_frames(files: Sequence[Path], matches: Sequence[Match]) -> None:
    """How many pairs of frames are found by their distance, at 30 frames a second; and those of other scenes."""
    scenes = [file.stem.split("_")[0] for file in files]
    numbers = [int(file.stem.split("_")[1].lstrip("f")) for file in files]
    found = {(match.first, match.second) for match in matches}
    group = {place: k for k, members in enumerate(clusters(matches, len(files))) for place in members}
    for distance in (2, 4, 6, 8, 12, 30):
        pairs = [
            (a, b)
            for a, b in itertools.combinations(range(len(files)), 2)
            if scenes[a] == scenes[b] == "0016E5" and abs(numbers[a] - numbers[b]) == distance
        ]
        joined = sum(group.get(a, -1) == group.get(b, -2) for a, b in pairs)
        direct = sum(pair in found for pair in pairs)
        print(f"    {distance:2} frames apart: {direct} of {len(pairs)} found, {joined} in one group")
    far = [(files[a].name, files[b].name) for a, b in sorted(found) if scenes[a] != scenes[b]]
    print(f"    of different sequences: {far}")


def recall(
    signatures: Sequence[Signature], pictures: Sequence[Picture], chosen: Sequence[int], change: Change
) -> tuple[int, int]:
    """How many of the chosen images meet their copy, all others being there too; and how many were chosen."""
    random = np.random.default_rng(2)
    copies = [signature(np.asarray(change(pictures[place], random).convert("RGB"))) for place in chosen]
    found = {(match.first, match.second) for match in find_near_duplicates([*signatures, *copies])}
    pairs = [(place, len(signatures) + number) for number, place in enumerate(chosen)]
    return sum(pair in found for pair in pairs), len(pairs)


def report_recalls(recalls: dict[str, dict[str, tuple[int, int]]], half: str) -> None:
    """A row per kind of copy, a column per set."""
    print(f"\nplanted copies found (half: {half})")
    print(f"{'':24}" + "".join(f"{name:>12}" for name in recalls))
    for kind in changes():
        cells = ("{}/{}".format(*found[kind]) for found in recalls.values())
        print(f"{kind:24}" + "".join(f"{cell:>12}" for cell in cells))


def report_time(data: Path, count: int) -> None:
    """Seconds for a signature of a megapixel, and for many of them; memory."""
    pictures = [PIL.Image.open(file).convert("RGB") for name in SETS for file in listed(data, name)]
    begin = time.perf_counter()
    megapixel = np.asarray(pictures[0].resize((1154, 866)))
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        signature(megapixel)
        times.append(time.perf_counter() - begin)
    random = np.random.default_rng(0)
    small = [picture.resize((192, 192)) for picture in pictures]
    signatures = [signature(np.asarray(distorted(small[k % len(small)], random))) for k in range(count)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    matches = find_near_duplicates(signatures)
    seconds = time.perf_counter() - begin
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"\nsignature of a megapixel: {np.median(times) * 1000:.1f} ms")
    print(f"{count} signatures: {seconds:.0f} s, {grown / 1024:.0f} MiB more, {len(matches)} pairs")


def distorted(picture: Picture, random: Random) -> Picture:
    """A cut of a third to two thirds of each side, turned by up to 30 degrees, mirrored or not: another image."""
    side = picture.width
    width, height = (random.uniform(0.33, 0.67, 2) * side).astype(int)
    left, top = int(random.integers(0, side - width)), int(random.integers(0, side - height))
    cut = picture.crop((left, top, left + width, top + height)).rotate(random.uniform(-30, 30))
    return cut.transpose(Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else cut


def changes() -> dict[str, Change]:
    """The kinds of copies by name."""
    turns = {
        "mirrored": Transpose.FLIP_LEFT_RIGHT,
        "mirrored top to bottom": Transpose.FLIP_TOP_BOTTOM,
        "rotated by 90°": Transpose.ROTATE_90,
        "rotated by 180°": Transpose.ROTATE_180,
        "rotated by 270°": Transpose.ROTATE_270,
    }
    simple: dict[str, Change] = {name: _turning(turn) for name, turn in turns.items()}
    simple |= {
        "cut to 0.9": lambda picture, random: cut(picture, 0.9, 0.9, random),
        "cut to 0.8": lambda picture, random: cut(picture, 0.8, 0.8, random),
        "cut to 0.8-1 each": lambda picture, random: cut(
            picture, random.uniform(0.8, 1), random.uniform(0.8, 1), random
        ),
        "resized to 0.3": lambda picture, random: resized(picture, 0.3),
        "resized to 0.5": lambda picture, random: resized(picture, 0.5),
        "resized to 2": lambda picture, random: resized(picture, 2.0),
        "JPEG 60": lambda picture, random: saved(picture, "JPEG", 60),
        "JPEG 30": lambda picture, random: saved(picture, "JPEG", 30),
        "WebP 50": lambda picture, random: saved(picture, "WEBP", 50),
        "palette of 64": lambda picture, random: picture.quantize(64),
        "brightness, contrast": exposed,
        "grey": lambda picture, random: picture.convert("L"),
    }
    mirror, turn, small = simple["mirrored"], simple["rotated by 90°"], simple["cut to 0.8"]
    pairs: dict[str, Change] = {
        "mirror + JPEG 30": lambda picture, random: saved(mirror(picture, random), "JPEG", 30),
        "cut + resize + JPEG 50": lambda picture, random: saved(
            resized(cut(picture, 0.85, 0.85, random), 0.5), "JPEG", 50
        ),
        "cut to 0.8 + mirror": lambda picture, random: mirror(small(picture, random), random),
        "cut to 0.8 + brightness": lambda picture, random: exposed(small(picture, random), random),
        "cut to 0.8 + 90°": lambda picture, random: turn(small(picture, random), random),
        "90° + resize to 0.3": lambda picture, random: resized(turn(picture, random), 0.3),
        "resize to 0.3 + JPEG 30": lambda picture, random: saved(resized(picture, 0.3), "JPEG", 30),
    }
    return simple | pairs


def _turning(turn: Transpose) -> Change:
    return lambda picture, random: picture.transpose(turn)


def cut(picture: Picture, tall: float, wide: float, random: Random) -> Picture:
    """A part of each side, anywhere."""
    width, height = round(picture.width * wide), round(picture.height * tall)
    left = int(random.integers(0, picture.width - width + 1))
    top = int(random.integers(0, picture.height - height + 1))
    return picture.crop((left, top, left + width, top + height))


def resized(picture: Picture, scale: float) -> Picture:
    """Larger or smaller."""
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Resampling.BICUBIC)


def saved(picture: Picture, kind: str, quality: int) -> Picture:
    """As it is after saving with loss."""
    file = io.BytesIO()
    picture.save(file, kind, quality=quality)
    return PIL.Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def exposed(picture: Picture, random: Random) -> Picture:
    """A fifth brighter or darker, and of more or less contrast."""
    brighter = Brightness(picture).enhance(float(random.choice([0.8, 1.2])))
    return Contrast(brighter).enhance(float(random.choice([0.8, 1.2])))


if __name__ == "__main__":
    main()
