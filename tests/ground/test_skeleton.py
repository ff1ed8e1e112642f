"""Skeletons: what names tell, and what is refused."""

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from pixelwise.skeleton import COCO_17, DEFAULT_SIGMA, LSP_14, Skeleton, skeleton_of


def test_known_skeletons_hold_together_and_have_two_like_sides() -> None:
    for skeleton in (COCO_17, LSP_14):
        assert skeleton_of(skeleton.joints, skeleton.limbs) == skeleton  # nothing had to be added
        for name, partner in zip(skeleton.joints, skeleton.partners, strict=True):
            other = skeleton.joints[partner]
            assert other == name.replace("left", "*").replace("right", "left").replace("*", "right")
            assert skeleton.sigmas[partner] == skeleton.sigmas[skeleton.joints.index(name)]


def test_limbs_that_leave_a_person_in_pieces_are_added_to() -> None:
    """LSP's own limbs do not join legs and trunk."""
    own = [limb for limb in LSP_14.limbs if limb not in {(2, 8), (3, 9)}]
    assert skeleton_of(LSP_14.joints, own).limbs == (*own, (2, 8), (3, 9))
    names = ("left_a", "right_a", "b", "c")
    assert set(skeleton_of(names, [(0, 2)]).limbs) == {(0, 2), (1, 2), (0, 1), (0, 3), (1, 3)}


@pytest.mark.parametrize(
    ("names", "partners"),
    [
        (("l_eye", "r_eye", "nose"), (1, 0, 2)),
        (("LeftEye", "RightEye"), (1, 0)),
        (("Eye L", "Eye R", "tail"), (1, 0, 2)),
        (("left_eye", "nose"), (0, 1)),
        (("LShoulder", "RShoulder", "Neck"), (1, 0, 2)),
        (("KneeLeft", "KneeRight"), (1, 0)),
        (("leftKnee", "rightKnee", "kneeCap"), (1, 0, 2)),
        (("lsho", "rsho", "neck"), (1, 0, 2)),
        (("lsho_outer", "rsho_outer", "rsho_inner"), (1, 0, 2)),
        (("lip", "rib", "rump", "leg"), (0, 1, 2, 3)),
        (("l_knee", "left_knee", "right_knee"), (2, 1, 0)),  # the second has nobody left
    ],
)
def test_partners_are_told_by_names(names: tuple[str, ...], partners: tuple[int, ...]) -> None:
    assert skeleton_of(names, [(0, 1)]).partners == partners


def test_measures_are_found_whatever_the_names_part_sides_by() -> None:
    for names in (("LShoulder", "RHip"), ("ShoulderLeft", "HipRight"), ("l shoulder", "right-hip")):
        assert skeleton_of(names, [(0, 1)]).torso() == (0, 1)
    found = skeleton_of(("lshoulder", "rshoulder", "lhip", "rhip"), [(0, 1)])
    assert found.torso() == (0, 3)
    assert found.trunk() == ((2, 3), (0, 1))
    assert found.sigmas == (0.079, 0.079, 0.107, 0.107)


def test_sides_are_untold_where_no_joint_of_several_has_a_partner() -> None:
    assert skeleton_of(("thumb", "wrist"), [(0, 1)]).sides_untold
    assert not skeleton_of(("nose",), []).sides_untold
    assert not skeleton_of(("l_eye", "r_eye", "thumb"), [(0, 1)]).sides_untold


def test_sigmas_of_others_are_stated() -> None:
    found = skeleton_of(("left_wrist", "right_wrist", "l_knee", "tail"), [])
    assert found.sigmas == (0.062, 0.062, 0.087, DEFAULT_SIGMA)


def test_mirrored_limbs() -> None:
    """Hips: the limb itself, the other way round. Left upper arm: the right one, the same way."""
    mirrored = COCO_17.mirrored_limbs
    assert mirrored[COCO_17.limbs.index((11, 12))] == (COCO_17.limbs.index((11, 12)), True)
    assert mirrored[COCO_17.limbs.index((5, 7))] == (COCO_17.limbs.index((6, 8)), False)
    assert LSP_14.mirrored_limbs[0] == (3, True)  # ankle to knee on the right, knee to ankle on the left


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"limbs": ((0, 17),)}, "two of the joints 0 to 16"),
        ({"limbs": ((5, 7),)}, "of the other side"),
        ({"partners": tuple(range(16))}, "each of 17 joints once"),
        ({"sigmas": (0.1,) * 16}, "a sigma above 0"),
        ({"joints": ("nose",) * 17}, "names of joints must differ"),
        ({"angles": {"x": ("nose", "tail", "left_eye")}}, "'tail', which is no joint"),
    ],
)
def test_what_is_no_skeleton_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Skeleton(**{**COCO_17.model_dump(), **change})


@pytest.mark.parametrize(
    ("side", "parts"),
    [
        (lambda side, part: f"{side[0]}_{part}", ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")),
        (
            lambda side, part: f"{side.title()}{part.title()}",
            ("shoulder", "elbow", "wrist", "hip", "knee", "ankle"),
        ),
        (
            lambda side, part: f"{part} {side[0].upper()}",
            ("shoulder", "elbow", "wrist", "hip", "knee", "ankle"),
        ),
        (lambda side, part: f"{side[0]}{part}", ("sho", "elb", "wri", "hip", "kne", "ank")),
    ],
)
def test_angles_and_places_are_found_whatever_words_names_are_of(
    side: Callable[[str, str], str], parts: tuple[str, ...]
) -> None:
    names = tuple(side(one, part) for one in ("left", "right") for part in parts)
    found = skeleton_of(names, [])
    assert found.angles.keys() == COCO_17.angles.keys()
    assert found.angles["right_elbow"] == (names[6], names[7], names[8])
    assert found.places_of(["left_ankle", "right_shoulder", "nose"]) == {"left_ankle": 5, "right_shoulder": 6}
    assert found.sigmas[4] == COCO_17.sigmas[13]
    assert found.torso() == (0, 9)
    assert found.partners[:6] == tuple(range(6, 12))
