"""What is planned from the data."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pixelwise.data.synthetic import draw_lesion
from pixelwise.data.valuerange import ValueRange
from pixelwise.explain import trace
from pixelwise.geometry import usual_size
from pixelwise.labels import Labels
from pixelwise.models import build_model, model_named
from pixelwise.plan import Asked, Covered, Fingerprint, ceiling, lie_any_way, plan, plan_scale
from pixelwise.plan.reasons import ARITHMETIC, ENCODER, percent
from pixelwise.plan.still import FROZEN, STILL, THAW
from pixelwise.recipe import Augment, Model, PanopticTask, Scale, Values
from pixelwise.recipe import SemanticTask as SemanticRecipe
from pixelwise.tasks import SemanticTask
from pixelwise.types import CLASSES, Field, Label, PixelFormat, Size


def test_frame_follows_the_usual_aspect_and_the_reason_says_so() -> None:
    planned = plan(Fingerprint({(576, 768): 90, (768, 576): 3}, any_way_up=True))
    assert planned.recipe.scale.size == (192, 256)
    assert "256×192" in planned.reasons["scale"]
    assert "768×576" in planned.reasons["scale"]


def test_only_pictures_without_up_and_down_are_turned_over() -> None:
    skin, people = (plan(Fingerprint({(100, 100): 1}, any_way_up=up)).recipe.augment for up in (True, False))
    assert (skin.vflip, skin.rotate) == (0.5, 180.0)
    assert people.vflip == 0.0
    assert people.rotate < 45


def test_usual_pictures_are_scaled_as_ever_and_nothing_is_said_of_it() -> None:
    planned = plan(Fingerprint({(100, 100): 1}, any_way_up=True))
    assert planned.recipe.values == Values()
    assert "values" not in planned.reasons


def test_deep_values_are_scaled_over_their_range_and_the_reason_says_so() -> None:
    found = ValueRange(PixelFormat(1, "uint16"), 0.0, 4000.0, 37)
    planned = plan(Fingerprint({(100, 100): 1}, any_way_up=True, found=found))
    assert planned.recipe.values == Values(channels=1, dtype="uint16", minimum=0.0, maximum=4000.0)
    assert planned.reasons["values"] == (
        "1 channel of 16 bits, 0 to 4000: what lies between the 0.1th and the 99.9th percentile "
        "of 37 training images, rounded outwards"
    )


def by_area(scale: Scale) -> float:
    """A ceiling that rises with the frame's area: 0.99 at 224×224, 0.997 at about 410×410."""
    return 1 - 0.01 * (224 * 224 / (scale.size[0] * scale.size[1]))


def area(known: Fingerprint) -> int:
    height, width = plan_scale(known).scale.size
    return height * width


def test_learning_is_faster_where_every_level_is_near_the_loss_and_knows_images() -> None:
    known = Fingerprint({(100, 100): 1}, any_way_up=True)
    usual = plan(known).recipe.train
    assert (usual.learning_rate, usual.encoder_rate) == (0.004, 0.5)
    for slower in (Model(decoder="fpn"), Model(encoder="unet", decoder="unet"), Model(pretrained=False)):
        planned = plan(known, slower)
        assert planned.recipe.train.learning_rate == 0.002
        assert planned.reasons["train.learning_rate"] == "0.002: the default, whatever the data"
    assert planned.recipe.train.encoder_rate == 1
    assert (
        planned.reasons["train.encoder_rate"]
        == "1 of that: the encoder begins at random, as the decoder does"
    )


@pytest.mark.parametrize(
    ("network", "channels", "seconds", "stays"),
    [
        # 20 images a second × 60 s × the share that training gets, of 50 images: 19 passes, of 25
        (Model(), 3, 60.0, True),
        (Model(encoder="efficientnet-lite2", decoder="fpn"), 3, 60.0, True),
        (Model(), 3, 3600.0, False),  # time enough for all layers
        (Model(), 3, None, False),  # so many passes were asked for, whatever they take
        (Model(pretrained=False), 3, 60.0, False),
        (Model(encoder="plain-tiny"), 3, 60.0, False),
        (Model(encoder="timm/resnet18"), 3, 60.0, False),  # where its layers lie is not known
        (Model(), 5, 60.0, False),  # its first filters are made up for such images
    ],
)
def test_the_finest_layers_stay_where_time_is_short_and_they_know_such_images(
    network: Model, channels: int, seconds: float | None, stays: bool
) -> None:
    found = ValueRange(PixelFormat(channels, "uint8"), 0.0, 255.0, 1)
    known = Fingerprint({(100, 100): 50}, any_way_up=True, found=found, training=50, seconds=seconds)
    planned = plan(known, network)
    train = planned.recipe.train
    assert (train.frozen, train.thaw) == ((FROZEN, THAW) if stays else (0, 0.0))
    assert (set(STILL) <= planned.reasons.keys()) is stays
    passes = re.search(r"time for (\d+) passes", planned.reasons.get("train.frozen", ""))
    assert (passes is not None and 5 < int(passes[1]) < 25) is stays


def test_passes_are_over_all_tiles() -> None:
    known = Fingerprint({(4000, 4000): 50}, any_way_up=True, training=40, seconds=600.0, ceiling=small_things)
    planned = plan(known)
    assert planned.recipe.scale.policy == "tiles"
    # 20 · 224² / 320² frames a second for 0.85 · 600 s, of 40 · 64 tiles
    assert "time for 2 passes" in planned.reasons["train.frozen"]
    assert planned.recipe.train.frozen == FROZEN
    whole = plan(known, asked=Asked({"policy": "fit"}))
    assert (whole.recipe.train.frozen, STILL[0] in whole.reasons) == (0, False)


def test_what_is_asked_of_the_scale_is_planned_for() -> None:
    known = Fingerprint({(3000, 4000): 50}, any_way_up=True, training=40, seconds=600.0, ceiling=small_things)
    whole = plan_scale(known, {"policy": "fit"})
    assert (whole.scale.policy, whole.scale.size) == (
        "fit",
        plan_scale(replace(known, scored=20_000)).scale.size,
    )
    assert whole.scale.size == (448, 608)  # the aspect of the images, about
    larger = plan(known, asked=Asked({"policy": "fit", "size": [1024, 1024]}))
    assert larger.recipe.scale.size == (1024, 1024)
    assert larger.reasons["scale"] == "1024×1024 (width × height), as asked"
    assert "time for 12 passes" in larger.reasons["train.frozen"]  # 20 · 224² / 1024² · 0.85 · 600 s / 40
    cut = plan_scale(replace(known, ceiling=lambda scale: 0.999), {"policy": "tiles"})
    assert cut.scale == Scale(policy="tiles", size=(320, 320), zoom=0.125)
    assert "tiles of 320×320 of an image scaled by 0.125" in cut.reason


def test_the_frame_grows_until_masks_go_through_it_unharmed() -> None:
    known = Fingerprint({(2000, 2000): 9}, any_way_up=True, ceiling=by_area)
    assert by_area(plan_scale(known).scale) >= 0.997
    assert 416**2 * 0.9 < area(known) < 448**2 * 1.1
    assert "masks keep a score of 0.997" in plan_scale(known).reason
    assert area(replace(known, ceiling=lambda scale: 0.998)) < 250**2


def test_no_larger_than_the_images_are() -> None:
    known = Fingerprint({(300, 300): 9}, any_way_up=True, ceiling=by_area)
    assert plan_scale(known).scale.size == (288, 288)
    assert "would show no more" in plan_scale(known).reason


def test_time_to_spare_makes_small_images_larger_while_fields_are_coarser_than_masks() -> None:
    known = Fingerprint({(256, 256): 99}, any_way_up=True, training=80, rate=32.0, ceiling=by_area)
    # 32 images a second for 0.85 · 300 s are 60 passes at 288×288; of 600 s, at 408×408.
    sides = [plan_scale(replace(known, seconds=seconds)).scale.size[0] for seconds in (150.0, 300.0, 600.0)]
    assert sides == [256, 288, 384]
    reason = plan_scale(replace(known, seconds=300.0)).reason
    assert "256×256, and fields are half as fine as the frame" in reason
    assert "would leave less than 60 passes" in reason
    assert plan_scale(known).scale.size == (256, 256)  # where no budget says that there is time
    assert plan_scale(replace(known, seconds=600.0, ceiling=lambda scale: 0.998)).scale.size == (256, 256)
    tiny = plan_scale(replace(known, sizes={(128, 128): 99}, seconds=9999.0, ceiling=lambda scale: 0.9))
    assert tiny.scale.size == (256, 256)


def test_of_images_that_all_differ_the_middle_one_is_usual() -> None:
    sizes = {(100 + 50 * step, 200 + 100 * step): 1 for step in range(9)}
    known = Fingerprint(
        sizes, any_way_up=True, training=9, rate=32.0, seconds=900.0, ceiling=lambda scale: 0.998
    )
    assert usual_size(sizes) == (300, 600)
    assert plan_scale(known).scale.size == (256, 512)
    assert "the usual image is 600×300" in plan_scale(known).reason


def test_no_larger_than_the_time_allows() -> None:
    known = Fingerprint({(2000, 2000): 9}, any_way_up=True, training=100, rate=20.0, ceiling=by_area)
    # 20 images a second for 0.85 · 300 s are 51 passes at 224×224 and 25 at √2 times its side.
    found = plan_scale(replace(known, seconds=300.0))
    assert found.scale.size == (288, 288)
    assert "would leave less than 25 passes" in found.reason
    assert area(replace(known, seconds=30.0)) < 250**2  # never smaller than that
    assert area(replace(known, seconds=3000.0)) > 400**2


def test_time_to_spare_is_spent_on_a_larger_frame_than_the_masks_need() -> None:
    known = Fingerprint(
        {(2000, 2000): 9}, any_way_up=True, training=80, rate=32.0, ceiling=lambda scale: 0.998
    )
    # 32 images a second for 0.85 · 300 s are 102 passes at 224×224 and 62 at 288×288.
    found = plan_scale(replace(known, seconds=300.0))
    assert found.scale.size == (288, 288)
    assert "would leave less than 60 passes" in found.reason
    assert area(replace(known, seconds=100.0)) == area(known) == 224**2
    hours = replace(known, seconds=9999.0)
    assert plan_scale(hours).scale.size == (352, 352)  # memory grows with it
    assert "would take more memory than it is worth" in plan_scale(hours).reason
    assert area(replace(hours, ceiling=by_area)) > 400**2  # of which the masks need


def test_the_arithmetic_that_was_measured_is_the_plans() -> None:
    known = Fingerprint({(100, 100): 1}, any_way_up=True, rate=31.6, precision="bf16-mixed")
    planned = plan(known)
    assert planned.recipe.train.precision == "bf16-mixed"
    assert planned.reasons["train.precision"].endswith("31.6 images of 224×224 a second")
    assert "train.precision" not in plan(replace(known, precision="auto")).reasons


def small_things(scale: Scale) -> float:
    """A ceiling for objects that one frame of a large image cannot show: it follows pixels per pixel of the image."""
    shown = scale.zoom if scale.policy == "tiles" else scale.size[0] / 4000
    return 0.6 if shown < 0.2 else 0.9 if shown < 0.4 else 0.998


def test_large_images_of_small_things_are_cut_into_tiles() -> None:
    known = Fingerprint({(4000, 4000): 50}, any_way_up=True, training=40, seconds=600.0, ceiling=small_things)
    found = plan_scale(known)
    assert found.scale == Scale(
        policy="tiles", size=(320, 320), zoom=0.5
    )  # 0.25 would lose some, 1 cost time
    assert "64 tiles of 320×320 of an image scaled by 0.5" in found.reason
    assert "keep 0.600" in found.reason
    # 100 images to predict, of 64 tiles of twice the arithmetic, are 435 seconds: coarser tiles, or one frame.
    coarser = plan_scale(replace(known, scored=100)).scale
    assert (coarser.policy, coarser.zoom) == ("tiles", 0.25)
    assert plan_scale(replace(known, scored=20_000)).scale.policy == "fit"
    assert plan_scale(replace(known, ceiling=lambda scale: 0.98)).scale.policy == "fit"


def test_what_is_rare_is_shown_more_often() -> None:
    large = Fingerprint({(4000, 4000): 50}, any_way_up=True, ceiling=small_things)
    rare = Covered(pixels=0.001, images=1.0)
    planned = plan(replace(large, classes={"lesion": rare}))
    assert planned.recipe.train.oversample == pytest.approx(1 / 3, abs=0.01)
    assert "lesion covers 0.1% of the pixels" in planned.reasons["train.oversample"]
    assert plan(replace(large, classes={"lesion": Covered(0.2, 1.0)})).recipe.train.oversample == 0
    # In one frame every image shows it: there is nothing to choose.
    small = Fingerprint({(300, 300): 50}, any_way_up=True, classes={"lesion": rare})
    assert plan(small).recipe.train.oversample == 0
    seldom = plan(replace(small, classes={"road": Covered(0.4, 1.0), "bicycle": Covered(0.01, 0.1)}))
    assert seldom.recipe.train.oversample > 0
    assert "bicycle is in 10% of the images" in seldom.reasons["train.oversample"]
    unseen = plan(replace(small, classes={"road": Covered(0.4, 1.0), "bicycle": Covered(0.0, 0.0)}))
    assert unseen.recipe.train.oversample == seldom.recipe.train.oversample
    assert "bicycle is in none of the masks looked at" in unseen.reasons["train.oversample"]


def test_where_no_class_is_rare_the_reason_says_how_usual_they_are() -> None:
    known = Fingerprint({(300, 300): 50}, any_way_up=True, classes={"lesion": Covered(0.31, 1.0)})
    assert plan(known).reasons["train.oversample"] == "0: lesion is in 100% of the images"
    several = {"road": Covered(0.4, 1.0), "bus": Covered(0.1, 0.5)}
    assert plan(replace(known, classes=several)).reasons["train.oversample"] == (
        "0: bus, in the fewest of 2 classes, is in 50% of the images"
    )
    tiled = Fingerprint({(4000, 4000): 50}, any_way_up=True, ceiling=small_things, classes=several)
    assert (
        plan(tiled)
        .reasons["train.oversample"]
        .endswith("is in 50% of the images, and bus, the least of 2 classes seen, covers 10% of the pixels")
    )
    assert "train.oversample" not in plan(replace(known, classes={})).reasons


def test_losses_have_a_reason_with_what_the_least_class_covers() -> None:
    known = Fingerprint({(300, 300): 50}, any_way_up=True, classes={"lesion": Covered(0.31, 1.0)})
    planned = plan(known)
    assert planned.reasons["tasks.semantic"] == (
        "cross_entropy 1, dice 1, no class_weights: cross-entropy counts every pixel, Dice every class by its own "
        "size; lesion covers 31% of the pixels"
    )
    assert planned.recipe.tasks["semantic"] == SemanticRecipe()
    several = {"road": Covered(0.4, 1.0), "pole": Covered(0.0081, 0.9)}
    objects = plan(replace(known, classes=several), task=PanopticTask(kind="panoptic")).reasons
    assert "tasks.semantic" not in objects
    assert objects["tasks.panoptic"].startswith("cross_entropy 1, dice 1, centre 1, offset 1: ")
    assert objects["tasks.panoptic"].endswith(
        "; pole, the least of 2 classes seen, covers 0.81% of the pixels"
    )
    assert plan(replace(known, classes={})).reasons["tasks.semantic"].endswith("by its own size")


@pytest.mark.parametrize(
    ("share", "said"), [(1.0, "100%"), (0.314, "31%"), (0.0999, "10%"), (0.0314, "3.1%"), (0.0002, "0.02%")]
)
def test_shares_have_two_digits(share: float, said: str) -> None:
    assert percent(share) == said


def test_a_batch_says_of_how_many_frames_it_is() -> None:
    known = Fingerprint({(300, 300): 50}, any_way_up=True)
    for training, said in (
        (0, "8: the default, whatever the data"),
        (1, "8: the default, whatever the data; there is only 1 training image, so a step repeats it, "),
        (7, "8: the default, whatever the data; there are only 7 training images, so a step repeats some, "),
        (8, "8: the default, whatever the data; a step shows 8 of 8 training images"),
        (80, "8: the default, whatever the data; a step shows 8 of 80 training images"),
    ):
        planned = plan(replace(known, training=training))
        assert planned.recipe.train.batch_size == 8
        assert planned.reasons["train.batch_size"].startswith(said)
        assert planned.reasons["train.batch_size"].endswith("changed anew") is (0 < training < 8)
    # 4000 pixels scaled by a half are 8 tiles of 320 a side.
    tiled = Fingerprint({(4000, 4000): 3}, any_way_up=True, training=3, ceiling=small_things)
    assert (
        plan(tiled)
        .reasons["train.batch_size"]
        .endswith("a step shows 8 of about 192 tiles of 3 training images")
    )


def test_the_default_network_has_its_reasons_and_another_none() -> None:
    known = Fingerprint({(300, 300): 50}, any_way_up=True)
    usual = plan(known).reasons
    assert usual["model"].startswith("unet-hypercolumn over efficientnet-lite0, pretrained: every level")
    assert usual["model.encoder"] == (
        "efficientnet-lite0: its pretrained weights come with Pixelwise; lite1 and lite2, of the extra lite, need "
        "1.3 and 1.5 times its arithmetic"
    )
    assert "model.encoder" in plan(known, Model(decoder="fpn")).reasons
    for other in (
        Model(encoder="unet", decoder="unet"),
        Model(encoder="efficientnet-lite1"),
        Model(pretrained=False),
    ):
        assert "model.encoder" not in plan(known, other).reasons
        assert ":" not in plan(known, other).reasons["model"]


@pytest.mark.slow
def test_the_arithmetic_of_encoders_is_as_the_reason_says() -> None:
    counted = {}
    for name in (ENCODER, *ARITHMETIC):
        fields = {"semantic": (Field("classes", 1, "sigmoid"),)}
        network = build_model(model_named(f"fcn:{name}"), fields, pretrained=False)
        layers = trace(network, torch.zeros(1, 3, 224, 224)).layers
        counted[name] = sum(layer.multiply_adds for layer in layers if layer.name.startswith("encoder"))
    for name, factor in ARITHMETIC.items():
        assert counted[name] / counted[ENCODER] == pytest.approx(factor, abs=0.05)


def test_the_fewer_images_the_more_they_are_changed() -> None:
    known = Fingerprint({(224, 224): 200}, any_way_up=False)
    much, between, little = (plan(replace(known, training=count)) for count in (80, 150, 220))
    assert much.recipe.augment == Augment()
    assert between.recipe.augment.scale == pytest.approx(1.525)
    assert (little.recipe.augment.scale, little.recipe.augment.rotate) == (1.25, 8.0)
    assert "changed little since there are 220 to learn from" in little.reasons["augment"]
    turned = plan(replace(known, training=220, any_way_up=True)).recipe.augment
    assert (turned.rotate, turned.vflip, turned.scale) == (180.0, 0.5, 1.25)


def ellipses(*angles: float) -> NDArray[np.int32]:
    """Numbered ellipses of 24 by 12 pixels, at these angles in degrees, in a row."""
    y, x = np.mgrid[-16:16, -16:16] + 0.5
    found = np.zeros((32, 32 * len(angles)), np.int32)
    for number, angle in enumerate(np.radians(angles)):
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        found[:, 32 * number : 32 * number + 32][(along / 12) ** 2 + (across / 6) ** 2 < 1] = number + 1
    return found


def test_what_lies_in_every_direction_is_turned_any_way() -> None:
    angles = np.random.default_rng(0).uniform(0, 180, 80).tolist()
    assert lie_any_way([ellipses(*angles[:40]), ellipses(*angles[40:])])
    assert not lie_any_way([ellipses(*angles[:30])])  # too few to tell
    assert not lie_any_way([ellipses(*([90] * 80))])  # people who stand
    assert not lie_any_way([ellipses(*([0, 90] * 40))])  # and cars beside them
    assert not lie_any_way([])
    known = Fingerprint({(224, 224): 200}, any_way_up=False, objects_any_way=True)
    planned = plan(known)
    assert (planned.recipe.augment.rotate, planned.recipe.augment.vflip) == (180.0, 0.5)
    assert "objects lie in every direction" in planned.reasons["augment"]


def test_a_ceiling_by_hand() -> None:
    task = SemanticTask(Labels(classes=("background", "dot")), SemanticRecipe())
    mask = np.zeros((64, 64), np.uint8)
    mask[32:, :] = 1
    halves = Label({CLASSES: mask})
    assert (
        ceiling(task, [halves], Scale(size=(64, 64))) == 1.0
    )  # an edge between pixels of every size stays where it is
    dots = np.zeros((64, 64), np.uint8)
    dots[::4, ::4] = 1  # one pixel in sixteen: gone where two by two are averaged
    assert ceiling(task, [Label({CLASSES: dots})], Scale(size=(64, 64))) == 0.0
    assert ceiling(task, [halves, Label({CLASSES: dots})], Scale(size=(64, 64))) == pytest.approx(0.5)
    empty = Label({CLASSES: np.zeros((64, 64), np.uint8)})
    assert np.isnan(ceiling(task, [empty], Scale(size=(64, 64))))


@pytest.mark.parametrize("size", [(40, 56), (57, 33)])
def test_a_larger_frame_keeps_more(size: Size) -> None:
    task = SemanticTask(Labels(classes=("background", "lesion")), SemanticRecipe())
    labels = [Label({CLASSES: draw_lesion(seed, size).mask.astype(np.uint8)}) for seed in range(4)]
    found = [ceiling(task, labels, Scale(size=(side, side))) for side in (32, 64, 96, 128)]
    assert found == sorted(found)
    assert found[0] < found[-1] > 0.98
