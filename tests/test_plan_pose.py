"""How poses are learned follows from how large people are, how they stand, and whether they are alone."""

import numpy as np
import pytest
from tests.people import of_points, standing

from pixelwise.plan import CROP, SINGLE_MODEL, Fingerprint, PoseFacts, lean_of, plan_pose
from pixelwise.recipe import Model
from pixelwise.skeleton import COCO_17, skeleton_of
from pixelwise.types import Size


def known(size: Size) -> Fingerprint:
    return Fingerprint(sizes={size: 10}, any_way_up=False)


def facts(*, single: bool = True, lean: float = 0.0) -> PoseFacts:
    return PoseFacts(COCO_17, single, share=0.3, lean=lean)


def test_a_single_person_fills_a_frame_as_large_as_pictures_are() -> None:
    small = plan_pose(known((150, 150)), facts(), SINGLE_MODEL)
    large = plan_pose(known((900, 900)), facts(), SINGLE_MODEL)
    assert small.scale.size == (192, 192)
    assert large.scale.size == (256, 256)
    assert small.scale.crop > 0
    assert small.task.place == 1
    assert plan_pose(known((150, 150)), facts(), Model(), alone=False).task.place == 0.25
    several = plan_pose(known((900, 900)), facts(single=False), Model())
    assert (several.scale.crop, several.task.place) == (0, 0)


def test_pictures_that_masks_are_learned_from_are_not_cut() -> None:
    """A person of a tenth of the side needs a large frame of the whole picture, as prediction sees it."""
    both = PoseFacts(COCO_17, True, share=0.1, masked=True)
    whole, alone = (
        plan_pose(known((900, 900)), both, Model(), alone=on_its_own) for on_its_own in (False, True)
    )
    assert (whole.scale.crop, alone.scale.crop) == (0, CROP)
    assert whole.scale.size > alone.scale.size == (256, 256)
    assert whole.task.single
    assert "not cut out, since masks are learned from the same pictures" in whole.reasons["scale"]
    others = plan_pose(known((900, 900)), facts(), Model(), alone=False)  # masks are of other pictures
    assert others.scale.crop == CROP


def test_fields_are_as_coarse_as_the_decoder() -> None:
    for network in (SINGLE_MODEL, Model()):
        assert plan_pose(known((150, 150)), facts(), network).task.stride == (
            4 if network.decoder == "fpn" else 2
        )


def test_the_network_that_is_planned_has_its_reason() -> None:
    assert "fewer passes" in plan_pose(known((150, 150)), facts(), SINGLE_MODEL).reasons["model"]
    assert "model" not in plan_pose(known((150, 150)), facts(), Model()).reasons


def test_weights_of_losses_have_their_reason() -> None:
    alone, beside, several = (
        plan_pose(known((150, 150)), facts(single=single), Model(), alone=on_its_own).reasons["tasks.pose"]
        for single, on_its_own in ((True, True), (True, False), (False, True))
    )
    start = "17 joints, 19 limbs; heat 1, affinity 0.5, place "
    warmest = "each joint is where its heat is greatest"
    views = "; read off the picture as it is and turned by 15° either way"
    assert alone == f"{start}1: {warmest}{views}"
    assert beside == f"{start}0.25: {warmest}, and the losses of masks beside it are smaller{views}"
    assert several == f"{start}0: every peak of heat may be a joint"
    nose = PoseFacts(skeleton_of(["nose"], []), True, share=0.3)
    assert (
        plan_pose(known((150, 150)), nose, Model())
        .reasons["tasks.pose"]
        .startswith("1 joint, 0 limbs; heat 1, place 1: ")
    )


def test_people_who_lean_are_turned_further_and_the_reason_says_so() -> None:
    upright, bent = (plan_pose(known((150, 150)), facts(lean=lean), SINGLE_MODEL) for lean in (20.0, 120.0))
    assert upright.augment.rotate == 30
    assert bent.augment.rotate == 60
    assert "lean by more than 120°" in bent.reasons["augment"]
    assert "lean" not in upright.reasons["augment"]


def test_views_are_turned_half_as_far_as_training_turns() -> None:
    size = known((150, 150))
    upright, bent = (plan_pose(size, facts(lean=lean), SINGLE_MODEL) for lean in (20.0, 120.0))
    assert (upright.task.turn, bent.task.turn) == (15, 30)
    assert "turned by 30° either way" in bent.reasons["tasks.pose"]
    still = plan_pose(size, facts(lean=120.0), SINGLE_MODEL, rotate=0.0)
    assert still.task.turn == 0
    assert "either way" not in still.reasons["tasks.pose"]
    assert plan_pose(size, facts(single=False), Model()).task.turn == 0


def test_pictures_are_mirrored_where_it_is_told_what_changes_places() -> None:
    hand = PoseFacts(skeleton_of(["thumb", "wrist"], [(0, 1)]), True, share=0.3)
    nose = PoseFacts(skeleton_of(["nose"], []), True, share=0.3)
    untold, told, one = (plan_pose(known((150, 150)), each, SINGLE_MODEL) for each in (hand, facts(), nose))
    assert (untold.augment.hflip, told.augment.hflip, one.augment.hflip) == (0, 0.5, 0.5)
    assert untold.reasons["augment"].startswith("not mirrored")
    for word in ("tasks.pose.skeleton.partners", "--set augment.hflip=0.5"):
        assert word in untold.reasons["augment"]
    assert told.reasons["augment"].startswith("mirrored with left and right exchanged;")
    assert one.reasons["augment"].startswith("mirrored;")


def test_lean_by_hand() -> None:
    """Three who stand and one who lies: three quarters of the way from 0° to 90° among four is 22.5°."""
    people = [standing([(0.0, 0.0)], 100) for _ in range(3)]
    lying = people[0].keypoints @ np.array([[0.0, 1.0], [-1.0, 0.0]])  # a quarter turn
    bent = of_points(lying)
    assert lean_of(people, COCO_17) == pytest.approx(0, abs=1e-4)
    assert lean_of([bent], COCO_17) == pytest.approx(90, abs=1e-4)
    assert lean_of([*people, bent], COCO_17) == pytest.approx(22.5, abs=1e-4)
    # Who has no labelled shoulder tells nothing, nor does a skeleton without any.
    hidden = of_points(lying, np.where(np.arange(17) == 5, 0, 2)[None].astype(np.uint8))
    assert lean_of([*people, hidden], COCO_17) == pytest.approx(0, abs=1e-4)
    assert lean_of(people, skeleton_of(["a", "b"], [(0, 1)])) == 0
    assert lean_of([], COCO_17) == 0
