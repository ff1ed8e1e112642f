"""What class ids mean."""

import pytest
from pydantic import ValidationError

from pixelwise.labels import Labels
from pixelwise.types import IGNORE_INDEX


@pytest.mark.parametrize(
    ("classes", "background", "is_binary", "scored"),
    [
        (("background", "lesion"), 0, True, (1,)),
        (("lesion", "background"), 1, False, (0,)),  # a single sigmoid channel is always the class with id 1
        (("skin", "lesion"), None, False, (0, 1)),
        (("sky", "road", "car"), 0, False, (1, 2)),
        (("sky", "road", "car"), None, False, (0, 1, 2)),
        (("sky", "road", "car"), 1, False, (0, 2)),
    ],
)
def test_which_classes_are_scored(
    classes: tuple[str, ...], background: int | None, is_binary: bool, scored: tuple[int, ...]
) -> None:
    labels = Labels(classes=classes, background=background)
    assert labels.num_classes == len(classes)
    assert labels.is_binary is is_binary
    assert labels.scored == scored


@pytest.mark.parametrize(
    ("classes", "background", "complaint"),
    [
        ((), 0, "between 2 and 255 classes"),
        (("lesion",), 0, "between 2 and 255 classes"),
        (tuple(map(str, range(256))), 0, "between 2 and 255 classes"),
        (("cat", "dog", "cat"), 0, "class names must differ, got cat, dog, cat"),
        (("cat", "dog"), 2, "background 2 is no class id"),
        (("cat", "dog"), -1, "background -1 is no class id"),
    ],
)
def test_impossible_classes_are_refused(classes: tuple[str, ...], background: int, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Labels(classes=classes, background=background)


def test_as_many_classes_as_leave_the_ignored_id_free() -> None:
    assert Labels(classes=tuple(map(str, range(IGNORE_INDEX)))).scored[-1] == IGNORE_INDEX - 1


def test_json_round_trip_and_frozen() -> None:
    labels = Labels(classes=("background", "ไฝ"), background=None)
    assert Labels.model_validate_json(labels.model_dump_json()) == labels
    with pytest.raises(ValidationError, match="frozen"):
        labels.background = 0  # type: ignore[misc]
