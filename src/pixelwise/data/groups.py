"""What belongs together: images of one patient, video or sequence, told by a tag or by their names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from pixelwise.data.dataset import Dataset
from pixelwise.errors import DataError

GROUP_TAGS = ("patient", "patient_id", "subject", "subject_id", "case", "video", "sequence", "group")
"""Tags that name a group wherever they occur, the first that does."""
FEWEST = 3
"""Groups that a pattern has to tell apart before it is proposed, where they are not numbered."""

_SEPARATOR = re.compile(r"[_\-. /]+")
_NUMBER = re.compile(r"\d+")
_ODD = 0.05  # share of the names that may be of another form
_RUN = re.compile(r"([^\W\d_]+\d+)[^\W\d_]+\d+")
_SIDE = re.compile(r"l|r|left|right|od|os|[lr]?(?:cc|mlo)", re.IGNORECASE)  # of eyes and breasts, too
_CAMERA = re.compile(r"(?:c|cam|camera|view)\d+", re.IGNORECASE)


def grouped(dataset: Dataset, by: str | None) -> Dataset:
    """The data set with its group named, and as a tag of every sample.

    Args:
        by: name of a tag; or a regular expression whose first group is what the samples of one group have in common
            in their names; None keeps the reader's group, or takes a tag that names one.

    Raises:
        DataError: no such tag, or an expression that is wrong or does not match every name.
    """
    if by is None:
        tags = {tag for sample in dataset.samples for tag in sample.tags}
        found = dataset.group or next((tag for tag in GROUP_TAGS if tag in tags), None)
        return replace(dataset, group=found)
    if any(by in sample.tags for sample in dataset.samples):
        return replace(dataset, group=by)
    try:
        pattern = re.compile(by)
    except re.error as error:
        raise DataError(
            f"'{by}' is neither a tag nor a regular expression ({error}); correct --group-by."
        ) from error
    if pattern.groups == 0:
        tags = {tag for sample in dataset.samples for tag in sample.tags}
        known = f"tags are {', '.join(sorted(tags))}" if tags else "there are no tags"
        raise DataError(
            f"there is no tag '{by}' ({known}), and as a regular expression it has no group; "
            r'give one such as "(patient\d+)_" with --group-by.'
        )
    samples = []
    for sample in dataset.samples:
        match = pattern.search(sample.name)
        if match is None or match[1] is None:
            raise DataError(
                f"the pattern '{by}' does not match the name '{sample.name}'; correct --group-by."
            )
        samples.append(replace(sample, tags=MappingProxyType({**sample.tags, "group": match[1]})))
    return replace(dataset, samples=tuple(samples), group="group")


def propose(names: Sequence[str]) -> str | None:
    """A regular expression whose first group tells sequences apart, where the names show some; else None.

    Names show sequences where all but a last number or side, and the camera before it, is shared by several: frames of
    a video, slices of a patient, both eyes. It matches every name, of which a few may be of another form.
    """
    found = (form(names) for form in (_by_separators, _by_letters))
    return next((one for one in found if one and all(re.search(one, name) for name in names)), None)


def _by_separators(names: Sequence[str]) -> str | None:
    """Of names such as "patient01_slice2": so many parts, whatever separates them."""
    keys = [_sequence(name) for name in names]
    depths = Counter(_depth(key) for key in keys if key is not None)
    if not depths:
        return None
    [(usual, _)] = depths.most_common(1)
    if not _are_groups([key for key in keys if key is not None and _depth(key) == usual], len(names)):
        return None
    parts = r"[_\-. /]+".join([r"[^_\-. /]+"] * usual)
    return rf"^[_\-. /]*({parts})"


def _by_letters(names: Sequence[str]) -> str | None:
    """Of names such as "patient01slice2"."""
    matches = (_RUN.fullmatch(name) for name in names)
    keys = [match[1] for match in matches if match]
    return r"^([^\W\d_]+\d+|.+)" if _are_groups(keys, len(names)) else None


def _are_groups(keys: Sequence[str], names: int) -> bool:
    """Whether what nearly all of so many names begin with makes groups: several, and most of more than one."""
    counts = Counter(keys)
    several = sum(count for count in counts.values() if count > 1)
    # Two words may be anything, left and right, say; two numbers count something.
    fewest = 2 if all(_NUMBER.search(key) for key in counts) else FEWEST
    return (
        len(keys) >= (1 - _ODD) * names
        and len(counts) >= fewest
        and several >= 0.8 * names
        and len(counts) <= 0.5 * names
    )


def _sequence(name: str) -> str | None:
    """What a name shares with the others of its sequence; None where it ends in no number or side of its own."""
    tokens = [token for token in _SEPARATOR.split(name) if token]
    if len(tokens) < 2 or not (_NUMBER.search(tokens[-1]) or _SIDE.fullmatch(tokens[-1])):
        return None
    kept = tokens[:-1]
    while len(kept) > 1 and _CAMERA.fullmatch(kept[-1]):
        kept.pop()
    return "_".join(kept)


def _depth(key: str) -> int:
    return len(_SEPARATOR.split(key))
