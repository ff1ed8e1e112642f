"""Pictures that number objects, in a folder ``instances`` beside ``images``.

``images/a.png`` with ``instances/a.png``, in all the ways in which :mod:`~pixelwise.data.layouts.paired` finds images
and masks. ``classes/a.png`` may hold class ids, and ``crowd/a.png`` what is not 0 on regions of many objects that
nobody told apart; ``legend.csv`` then names the classes, and says in a column ``kind`` which are things and which are
stuff.
This is also how ``pixelwise convert --to masks`` writes.
"""

from __future__ import annotations

from pathlib import Path

from pixelwise.data.dataset import Dataset
from pixelwise.data.layouts import paired
from pixelwise.data.layouts.numbering import OBJECTS, numbered
from pixelwise.data.layouts.pairing import samples_of
from pixelwise.data.legend import NO_HINTS, Hints
from pixelwise.data.problems import STRICT, Problems
from pixelwise.errors import DataError

NAME = "instances"
INSTANCES = frozenset({"instances", "instance", "instancemasks"})
"""Names of the folder, in small letters and without what separates words."""
CLASSES, CROWD = frozenset({"classes"}), frozenset({"crowd", "crowds"})


def detect(root: Path) -> bool:
    """Whether ``root`` holds images and the numbers of their objects."""
    return paired.holds_pairs(root, INSTANCES)


def read(root: Path, hints: Hints = NO_HINTS, problems: Problems = STRICT) -> Dataset:
    """Pair by name; an image without a picture of its objects is kept without labels.

    Raises:
        DataError: folders or names that leave open what belongs together, or classes that nobody named or
            that some images lack.
    """
    if not detect(root):
        raise DataError(f"{root} does not hold the folders images and instances; name them so.")
    beside = {
        kind: _beside(root, names, problems) for kind, names in (("classes", CLASSES), ("crowd", CROWD))
    }
    samples = samples_of(paired.parts_of(root, problems, INSTANCES), paired.tags_of)
    return numbered(root, NAME, samples, OBJECTS, hints, beside, problems)


def _beside(root: Path, names: frozenset[str], problems: Problems) -> dict[Path, Path]:
    """Pictures in another folder by the image that they belong to."""
    if not paired.holds_pairs(root, names):
        return {}
    parts = paired.parts_of(root, problems, names)
    return {part.images[key]: path for part in parts for key, path in part.masks.items()}
