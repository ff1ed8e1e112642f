"""Real pictures of several people: four of Leeds Sports Pose side by side, each at a scale of its own.

    python benchmarks/mosaics.py DATA/lsp mosaics
    pixelwise train mosaics --task pose --allow-leaks --out run --budget 20m

Writes train and val pictures of 2 × 2 as COCO keypoints; pictures of a split are made of that split's alone. ``oks_ap``
and ``given_away``, the share of joints that were given to the wrong person, stand in the run's ``metrics.json``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import pixelwise
from pixelwise.data.dataset import Dataset
from pixelwise.types import SPLITS, People, Sample

SIDE = 384
"""Pixels of a mosaic's sides, about: a quarter is half as large."""
SCALES = (0.55, 1.0)
"""Of a quarter that its picture fills."""


def mosaic(
    data: Dataset, four: list[Sample], generator: np.random.Generator
) -> tuple[NDArray[np.uint8], list[People]]:
    """A picture of four samples, and the people in it."""
    half = SIDE // 2
    canvas = np.full((SIDE, SIDE, 3), 128, np.uint8)
    people = []
    for place, sample in enumerate(four):
        pixels, label = data.read(sample)
        assert label.people is not None
        height, width = pixels.shape[:2]
        scale = half / max(height, width) * generator.uniform(*SCALES)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = np.asarray(Image.fromarray(pixels.astype(np.uint8)).resize(size, Image.Resampling.BILINEAR))
        left, top = (int(generator.integers(0, half - side + 1)) for side in size)
        left, top = left + half * (place % 2), top + half * (place // 2)
        canvas[top : top + size[1], left : left + size[0]] = small
        ratio = np.diag([size[0] / width, size[1] / height])
        people.append(label.people.moved(ratio, np.array([left, top], np.float64)))
    return canvas, people


def main() -> None:
    """Write the mosaics."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rounds", type=int, default=2, help="How often each training picture is used.")
    options = parser.parse_args()
    data = pixelwise.open_data(options.data).cropped(0.2)
    assert data.skeleton is not None
    generator = np.random.default_rng(0)
    for split in SPLITS:
        samples = data.split(split).samples
        if not samples:
            continue
        order = [
            int(i)
            for _ in range(options.rounds if split == "train" else 1)
            for i in generator.permutation(len(samples))
        ]
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        (options.out / split).mkdir(parents=True, exist_ok=True)
        for number in range(len(order) // 4):
            four = [samples[index] for index in order[4 * number : 4 * number + 4]]
            picture, people = mosaic(data, four, generator)
            name = f"{split}_{number:04d}.png"
            Image.fromarray(picture).save(options.out / split / name)
            images.append({"id": number + 1, "file_name": name, "width": SIDE, "height": SIDE})
            for one in people:
                x0, y0, x1, y1 = one.boxes[0].astype(float).tolist()
                triples = np.c_[one.keypoints[0] - 0.5, one.visibility[0]].ravel()
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": number + 1,
                        "category_id": 1,
                        "iscrowd": 0,
                        "bbox": [x0, y0, x1 - x0, y1 - y0],
                        "area": float(one.areas[0]),
                        "num_keypoints": int((one.visibility[0] > 0).sum()),
                        "keypoints": [round(float(value), 2) for value in triples],
                    }
                )
        limbs = [[a + 1, b + 1] for a, b in data.skeleton.limbs]
        category = {"id": 1, "name": "person", "keypoints": list(data.skeleton.joints), "skeleton": limbs}
        values = {"images": images, "annotations": annotations, "categories": [category]}
        (options.out / f"person_keypoints_{split}.json").write_text(json.dumps(values))
        print(f"{split}: {len(images)} mosaics of {len(annotations)} people")


if __name__ == "__main__":
    main()
