"""Small pictures that tests write to disk."""

from pathlib import Path

import numpy as np
import PIL.Image


def picture(path: Path, *values: int, size: tuple[int, int] = (2, 3)) -> Path:
    """A grey picture of ``size`` (height, width) that holds ``values``, over and over."""
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.resize(np.array(values, np.uint8), size)).save(path)
    return path


def pairs(root: Path, *places: str, values: tuple[int, ...] = (0, 255), image: str = ".png") -> Path:
    """Images and masks at ``places`` such as "images/a:masks/a", without suffix; returns ``root``."""
    for place in places:
        picture(root / (place.partition(":")[0] + image), 9)
        picture(root / (place.partition(":")[2] + ".png"), *values)
    return root
