"""The pose task: targets by hand, people out of perfect fields, flips, degenerate pictures, files."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.people import of_points, standing

from pixelwise.errors import DataError, RecipeError
from pixelwise.geometry import Frame, flip_field
from pixelwise.labels import Labels
from pixelwise.recipe import PoseTask as PoseRecipe
from pixelwise.skeleton import COCO_17, LSP_14, Skeleton, skeleton_of
from pixelwise.tasks import PoseResult, PoseTask
from pixelwise.tasks.pose.loss import misplaced, unexplained
from pixelwise.tasks.pose.peaks import find_peaks, warmest
from pixelwise.tasks.pose.targets import pose_targets
from pixelwise.tasks.pose.writing import coco, openpose
from pixelwise.types import IGNORE_INDEX, JOINTS, CocoIds, Label, LabelBatch, People, Window

PERSON = Labels(classes=("background", "person"))
SIZE = (256, 320)
TWO = Skeleton(joints=("left_a", "right_a"), limbs=((0, 1),), partners=(1, 0), sigmas=(0.1, 0.1))


def task_of(skeleton: Skeleton = COCO_17, *, stride: int = 2, single: bool = False) -> PoseTask:
    recipe = PoseRecipe.model_validate(
        {"kind": "pose", "skeleton": skeleton.model_dump(), "stride": stride, "single": single}
    )
    return PoseTask(PERSON, recipe)


def label_of(people: People, size: tuple[int, int] = SIZE) -> Label:
    return Label({JOINTS: np.zeros(size, np.uint8)}, people)


def batch_of(*labels: Label) -> LabelBatch:
    maps = {JOINTS: torch.stack([torch.from_numpy(one.maps[JOINTS]) for one in labels])}
    return LabelBatch(maps, tuple(one.people for one in labels if one.people is not None))


def perfect(task: PoseTask, label: Label) -> PoseResult:
    """What is decoded from the very targets, in the picture's pixels."""
    values = {name: target[0].numpy() for name, (target, _) in task.targets(batch_of(label)).items()}
    return task.placed(task.decode(values, task.default_settings()), Frame.fit(label.size, label.size))


def test_targets_by_hand() -> None:
    """Joints in the middle of pixels 4 and 12 of row 8: 1 there, exp(-1/2) a deviation away; the limb points right."""
    points = np.array([[[4.5, 8.5], [12.5, 8.5]]])
    people = replace(of_points(points, skeleton=TWO), areas=np.array([400.0], np.float32))
    (heat, heat_weight), (limb, limb_weight) = pose_targets(
        [people], torch.zeros(1, 16, 24, dtype=torch.bool), TWO.limbs, 0.05, 1
    )
    assert heat.shape == (1, 2, 16, 24)
    assert limb.shape == (1, 2, 16, 24)
    assert heat[0, 0, 8, 4] == 1
    assert heat[0, 1, 8, 12] == 1
    torch.testing.assert_close(
        heat[0, 0, 8, 5], torch.tensor(0.5).neg().exp()
    )  # the deviation is 0.05 · 20 = 1 pixel
    torch.testing.assert_close(heat[0, 0, 10, 4], torch.tensor(-2.0).exp())
    on = torch.zeros(16, 24)
    on[7:10, 4:13] = 1  # up to one pixel from the line, between its ends
    torch.testing.assert_close(limb[0, 0], on)
    assert not limb[0, 1].any()
    assert heat_weight.eq(1).all()
    assert limb_weight.eq(1).all()


def test_heat_is_the_greater_and_limbs_are_the_mean_where_people_overlap() -> None:
    points = np.array([[[4.5, 8.5], [12.5, 8.5]], [[8.5, 4.5], [8.5, 12.5]]])
    people = replace(of_points(points, skeleton=TWO), areas=np.array([400.0, 400.0], np.float32))
    (heat, _), (limb, _) = pose_targets(
        [people], torch.zeros(1, 16, 24, dtype=torch.bool), TWO.limbs, 0.05, 1
    )
    assert limb[0, :, 8, 8].tolist() == [0.5, 0.5]  # one goes right, one down
    assert limb[0, :, 8, 11].tolist() == [1.0, 0.0]
    single, _ = pose_targets(
        [replace(people, keypoints=people.keypoints[:1], visibility=people.visibility[:1], boxes=people.boxes[:1],
                 areas=people.areas[:1], is_crowd=people.is_crowd[:1])],
        torch.zeros(1, 16, 24, dtype=torch.bool), TWO.limbs, 0.05, 1,
    )  # fmt: skip
    assert (heat >= single[0]).all()


def test_what_is_not_labelled_is_not_punished() -> None:
    """An unlabelled joint of a person: weight 0 for it within the person's box. A crowd: for all joints."""
    points = np.array([[[4.5, 8.5], [12.5, 12.5]]])
    people = of_points(points, np.array([[2, 0]], np.uint8), TWO)
    unmarked = torch.zeros(1, 32, 32, dtype=torch.bool)
    unmarked[0, 20:24, 20:24] = True
    (heat, weight), (limb, limb_weight) = pose_targets([people], unmarked, TWO.limbs, 0.05, 2)
    assert weight[0, 0, 2:6, 2:6].eq(1).all()  # the labelled joint is said to be nowhere else
    assert weight[0, 1, 5, 4] == 0
    assert weight[0, 1, 12, 2] == 1
    assert limb_weight[0, :, 5, 4].eq(0).all()
    assert weight[0, :, 10:12, 10:12].eq(0).all()
    assert limb_weight[0, :, 10:12, 10:12].eq(0).all()
    assert not heat[0, 1].any()
    assert not limb.any()
    values = torch.rand_like(heat)
    changed = torch.where(weight == 0, values + 5, values)
    assert unexplained(values, heat, weight) == unexplained(changed, heat, weight)


def test_loss_is_the_share_that_is_left_unexplained() -> None:
    target = torch.zeros(1, 1, 4, 4)
    target[0, 0, 1, 1] = 2.0
    weight = torch.ones_like(target)
    assert unexplained(torch.zeros_like(target), target, weight) == 1
    assert unexplained(target, target, weight) == 0
    assert unexplained(target / 2, target, weight) == 0.25
    assert torch.isfinite(unexplained(target, torch.zeros_like(target), weight * 0))


def test_the_loss_of_places_by_hand() -> None:
    target = torch.tensor([1.0, 0.0]).view(1, 1, 1, 2)
    weight, flat = torch.ones_like(target), torch.zeros_like(target)
    surely = 1 / (1 + math.exp(-12))  # the share that softmax gives to the warm place of two
    entropy = -surely * math.log(surely) - (1 - surely) * math.log(1 - surely)
    assert float(misplaced(flat, target, weight)) == pytest.approx(math.log(2) - entropy, rel=1e-4)
    assert float(misplaced(target, target, weight)) == pytest.approx(0, abs=1e-6)
    assert float(misplaced(target.flip(-1), target, weight)) > 10
    # A map that shows no joint, and a place that nobody spoke of, ask for nothing.
    assert misplaced(target, flat, weight) == 0
    hidden = torch.cat([torch.full_like(target, 9.0), target], dim=-1)
    said = torch.cat([flat, weight], dim=-1)
    assert float(misplaced(hidden, torch.cat([flat, target], dim=-1), said)) == pytest.approx(0, abs=1e-6)
    assert float(misplaced(hidden, torch.cat([target, flat], dim=-1), said)) == 0


@pytest.mark.parametrize(("places", "height"), [([(60.3, 40.8), (200.6, 50.2)], 140), ([(160.0, 60.0)], 170)])
def test_people_come_out_of_their_own_targets(places: list[tuple[float, float]], height: float) -> None:
    """Every joint to a tenth of a pixel, every person whole, at half the frame's resolution."""
    label = label_of(standing(places, height))
    result = perfect(task_of(), label)
    assert len(result) == len(places)
    assert label.people is not None
    nearest = np.array(
        [np.abs(result.keypoints - one).sum(axis=(1, 2)).argmin() for one in label.people.keypoints]
    )
    np.testing.assert_allclose(result.keypoints[nearest], label.people.keypoints, atol=0.1)
    np.testing.assert_allclose(result.confidences, 1, atol=0.2)  # between pixels a peak is a little lower


def test_a_row_of_forty_people() -> None:
    places = [(20.0 + 30 * (at % 10), 12.0 + 62 * (at // 10)) for at in range(40)]
    label = label_of(standing(places, 45))
    result = perfect(task_of(stride=1), label)
    task = task_of(stride=1)
    assert len(result) == 40
    row = task.row(result, label)
    assert row.joints.similarity > 0.98 * 40
    assert row.joints.given_away.sum() == 0
    assert row.oks.matched[0].sum() == 20  # COCO looks at no more


def test_two_people_who_overlap_are_told_apart() -> None:
    label = label_of(standing([(150.0, 50.0), (172.0, 58.0)], 160))
    task = task_of(stride=1)
    row = task.row(perfect(task, label), label)
    assert row.joints.given_away.sum() <= 0.02 * row.joints.given.sum()
    assert row.joints.similarity / row.joints.people > 0.85


def test_a_person_cut_by_the_border() -> None:
    """The joints in view are found; those beyond are of nobody's doing."""
    people = standing([(160.0, 180.0)], 160)  # the hips and all below are beyond
    people.visibility[0, people.keypoints[0, :, 1] > SIZE[0]] = 0
    task = task_of()
    result = perfect(task, label_of(people))
    seen = people.visibility[0] > 0
    assert len(result) == 1
    np.testing.assert_allclose(result.keypoints[0, seen], people.keypoints[0, seen], atol=0.15)
    assert not result.found[0, ~seen].any()


@pytest.mark.parametrize("single", [False, True])
def test_nobody_in_the_picture(single: bool) -> None:
    task = task_of(single=single)
    label = label_of(standing([], 100))
    result = perfect(task, label)
    assert len(result) == 0
    assert result.boxes().shape == (0, 4)
    scores = task.image_scores(task.row(result, label))
    assert all(np.isnan(value) for value in scores.values())
    assert task.describe(result) == {"people": []}


def test_single_takes_the_warmest_place_of_each_joint() -> None:
    label = label_of(standing([(160.0, 60.0)], 170))
    result = perfect(task_of(single=True), label)
    assert label.people is not None
    np.testing.assert_allclose(result.keypoints, label.people.keypoints, atol=0.1)


def test_mirrored_fields_are_those_of_the_mirrored_people() -> None:
    """What the Predictor does to a mirrored image's fields gives the image's own."""
    for skeleton in (COCO_17, LSP_14):
        points = np.random.default_rng(3).uniform(20, 230, (2, len(skeleton.joints), 2))
        people = of_points(points, skeleton=skeleton)
        mirrored = people.moved(np.diag([-1.0, 1.0]), np.array([SIZE[1], 0.0]))
        task = task_of(skeleton)
        one, other = (task.targets(batch_of(label_of(each))) for each in (people, mirrored))
        for field in task.fields():
            back = flip_field(other[field.name][0][0], field, horizontal=True, vertical=False)
            torch.testing.assert_close(back, one[field.name][0][0], atol=2e-4, rtol=0)


def test_a_mirror_exchanges_left_and_right_twice_is_nothing() -> None:
    people = standing([(100.0, 40.0)], 145)
    people.visibility[0, 9] = 0
    mirror = np.diag([-1.0, 1.0])
    there = people.moved(mirror, np.array([320.0, 0.0]))
    assert there.visibility[0, 10] == 0  # the left wrist is the right one now
    np.testing.assert_allclose(
        there.keypoints[0, 6], [320 - people.keypoints[0, 5, 0], people.keypoints[0, 5, 1]]
    )
    back = there.moved(mirror, np.array([320.0, 0.0]))
    np.testing.assert_allclose(back.keypoints, people.keypoints, atol=1e-3)
    np.testing.assert_array_equal(back.visibility, people.visibility)
    turned = people.moved(-np.eye(2), np.array([320.0, 256.0]))  # half a turn is no mirror
    assert turned.visibility[0, 9] == 0


@pytest.mark.parametrize("at", [(3.0, 4.0), (3.3, 4.0), (2.9, 4.49), (0.6, 7.5)])
def test_peaks_are_finer_than_pixels(at: tuple[float, float]) -> None:
    y, x = np.mgrid[:9, :12] + 0.5
    heat = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * 1.3**2)).astype(np.float32)[None]
    for found in (find_peaks(heat, 0.1), warmest(heat)):
        assert found.points.shape == (1, 2)
        np.testing.assert_allclose(found.points[0], at, atol=0.2 if at[0] < 1 else 0.01)


def test_a_plateau_and_a_flat_map_have_one_peak_at_most() -> None:
    heat = np.zeros((2, 6, 6), np.float32)
    heat[0, 2:4, 2:4] = 0.7
    assert find_peaks(heat, 0.1).joints.tolist() == [0]
    assert len(find_peaks(np.full((1, 6, 6), 0.5, np.float32), 0.1).joints) == 1


def test_of_too_many_peaks_the_warmest_are_kept() -> None:
    heat = np.zeros((1, 30, 30), np.float32)
    heat[0, ::5, ::5] = np.linspace(0.2, 0.9, 36).reshape(6, 6)
    found = find_peaks(heat, 0.1, most=3)
    np.testing.assert_allclose(np.sort(found.heat)[::-1], heat[0, -5, [25, 20, 15]], atol=1e-6)


def test_the_least_sure_person_speaks_for_a_picture() -> None:
    task = task_of()
    people = perfect(task, label_of(standing([(60, 200), (220, 200)], 140)))
    assert len(people) == 2
    scored = replace(people, scores=np.array([0.75, 0.25], np.float32))
    assert task.lowest_score(scored) == 0.25
    nobody = PoseResult(people.keypoints[:0], people.confidences[:0], people.scores[:0], SIZE)
    lowest = task.lowest_score(nobody)
    assert lowest is not None
    assert math.isnan(lowest)


def test_files_are_as_other_tools_read_them(tmp_path: Path) -> None:
    task = task_of()
    label = label_of(standing([(160.0, 60.0)], 145))
    result = perfect(task, label)
    result.confidences[0, 16] = 0  # the right ankle was not found
    theirs, listed = task.write(result, tmp_path, "000000000139")
    assert [theirs.name, listed.name] == task.file_names("000000000139")
    [person] = json.loads(theirs.read_text())["people"]
    triples = np.array(person["pose_keypoints_2d"]).reshape(25, 3)
    np.testing.assert_allclose(
        triples[0, :2], [159.5, 59.5], atol=0.15
    )  # the nose; pixels are counted from 0
    np.testing.assert_allclose(triples[1, :2], [159.5, 79.5], atol=0.15)  # the neck, between the shoulders
    np.testing.assert_allclose(triples[2, :2], [179.5, 79.5], atol=0.15)  # RShoulder comes first
    assert triples[11].tolist() == [0, 0, 0]
    assert triples[19:].tolist() == [[0, 0, 0]] * 6  # feet
    assert {"face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d"} <= person.keys()
    [found] = json.loads(listed.read_text())
    assert (found["image_id"], found["category_id"], len(found["keypoints"])) == (139, 1, 51)
    assert found["keypoints"][48:] == [0, 0, 0]
    described = task.describe(result)["people"][0]
    assert "right_ankle" not in described["joints"]
    assert "right_knee" not in described["angles"]


def test_joints_of_other_names_are_openposes_too() -> None:
    """A person whose joints are called lsho and RightHip comes out as COCO's does, all 25 numbers and angles."""
    short = {"shoulder": "sho", "elbow": "elb", "wrist": "wri", "knee": "kne", "ankle": "ank"}
    for style in ("short", "joined", "letter"):
        names = []
        for name in COCO_17.joints:
            side, _, part = name.partition("_")
            known = {
                "short": f"{side[0]}{short.get(part, part)}",
                "joined": f"{side.title()}{part.title()}",
                "letter": f"{part}_{side[0]}",
            }
            names.append(known[style] if part else name)
        skeleton = skeleton_of(names, COCO_17.limbs)
        result = perfect(task_of(), label_of(standing([(160.0, 60.0)], 145)))
        assert openpose(result, skeleton) == openpose(result, COCO_17)
        assert result.angles(skeleton) == result.angles(COCO_17)


def test_a_joint_that_was_not_found_is_scored_where_results_put_it() -> None:
    """COCO's 0, 0 is the middle of the first pixel: a joint that truly lies there is hit by one that was not found."""
    points = np.array([[[0.5, 0.5], [12.5, 8.5]]])
    people = replace(of_points(points, skeleton=TWO), areas=np.array([4.0], np.float32))
    task, label = task_of(TWO), label_of(people)
    sure = np.array([[0, 1]], np.float32)
    result = PoseResult(points.astype(np.float32) * sure[..., None], sure, np.array([0.5], np.float32), SIZE)
    assert task.row(result, label).joints.similarity == pytest.approx(1)
    [written] = coco(result, CocoIds("a", 3), Window(10, 20, 100, 90))
    assert written["keypoints"] == [10, 20, 0, 22, 28, 1]  # the corner of the part that was cut out
    assert (written["image_id"], written["category_id"]) == ("a", 3)


def test_angles_by_hand() -> None:
    points = np.zeros((1, 17, 2), np.float32) + 1
    for joint, place in {5: (0, 10), 7: (10, 10), 9: (10, 20), 11: (0, 40), 13: (0, 60), 15: (0, 80)}.items():
        points[0, joint] = place
    result = PoseResult(points, np.ones((1, 17), np.float32), np.ones(1, np.float32), SIZE)
    [angles] = result.angles(COCO_17)
    assert angles["left_elbow"] == pytest.approx(90)
    assert angles["left_knee"] == pytest.approx(180)
    assert "right_elbow" not in angles  # all of its joints are at one place


def test_people_are_drawn_and_the_rest_is_left_alone() -> None:
    image = np.full((*SIZE, 3), 128, np.uint8)
    task = task_of()
    label = label_of(standing([(60.0, 40.0)], 140))
    drawn = task.draw(image, perfect(task, label), label)
    assert drawn.shape == image.shape
    assert (drawn[:, :130] != 128).any()
    assert (drawn[:, 160:] == 128).all()
    np.testing.assert_array_equal(task.draw(image, perfect(task, label_of(standing([], 100)))), image)


def test_a_recipe_without_a_skeleton_and_data_of_other_joints_are_refused() -> None:
    with pytest.raises(RecipeError, match="no skeleton"):
        PoseTask(PERSON, PoseRecipe())
    task = task_of(LSP_14)
    label = label_of(standing([(60.0, 40.0)], 140))
    nothing: NDArray[np.float32] = np.zeros((0, 14, 2), np.float32)
    with pytest.raises(DataError, match="14 joints but the data has 17"):
        task.row(PoseResult(nothing, nothing[..., 0], np.zeros(0, np.float32), SIZE), label)


def test_crowds_are_neither_learned_nor_scored() -> None:
    people = standing([(60.3, 40.8), (200.6, 50.2)], 140)
    crowd = replace(people, is_crowd=np.array([False, True]))
    task = task_of()
    heat, _ = task.targets(batch_of(label_of(crowd)))["heat"]
    assert heat[0, :, :, 80:].max() < 0.01
    row = task.row(perfect(task, label_of(people)), label_of(crowd))
    assert row.oks.truths == 1
    assert row.joints.people == 1
    names, scored = task.whole_scores([row])
    assert dict(zip(names, scored(np.ones(1)), strict=True))["oks_ap"] == pytest.approx(1)


def test_unmarked_places_have_no_weight() -> None:
    label = label_of(standing([(60.0, 40.0)], 140))
    label.maps[JOINTS][:, 200:] = IGNORE_INDEX
    for _, weight in task_of().targets(batch_of(label)).values():
        assert weight[0, :, :, 100:].eq(0).all()
        assert weight[0, :, :, :100].eq(1).all()
