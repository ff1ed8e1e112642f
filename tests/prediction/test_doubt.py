"""What predictions say of themselves, of images that are looked at part by part."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.networks import TINY, untrained

from pixelwise.confidence import entropy_of_views, traits_of
from pixelwise.labels import Labels
from pixelwise.prediction import Ensemble, Predictor, mean_settings
from pixelwise.prediction.doubt import AT_ONCE, doubt_of, uncertainty_of
from pixelwise.recipe import PanopticTask, PoseTask, Recipe, SemanticTask, TaskRecipe
from pixelwise.skeleton import COCO_17

CELLS = Labels(classes=("background", "cell"), things=(1,))
STREET = Labels(classes=("sky", "road", "car", "man"), background=None, things=(2, 3))
IMAGE = np.random.default_rng(0).integers(0, 256, (70, 101, 3), dtype=np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("classes", [("background", "lesion"), ("sky", "road", "car")])
def test_a_large_image_is_doubted_as_a_whole(classes: tuple[str, ...]) -> None:
    binary = len(classes) == 2
    labels = Labels(classes=classes, background=0 if binary else None)
    generator = torch.Generator().manual_seed(0)
    shape = (1 if binary else 3, 2111, 2000)
    assert np.prod(shape) > AT_ONCE
    logits, contradiction = (torch.randn(shape, generator=generator) * scale for scale in (2, 0.5))
    views = (logits + contradiction, logits - contradiction)
    one, other = (values.sigmoid() if binary else values.softmax(dim=0) for values in views)
    mean = logits.sigmoid() if binary else logits.softmax(dim=0)
    ids = (mean[0] >= 0.5).numpy().astype(np.uint8) if binary else mean.argmax(dim=0).numpy().astype(np.uint8)
    doubt = doubt_of(logits, views, ids, labels)
    assert doubt.uncertainty.shape == shape[1:]
    assert np.allclose(doubt.uncertainty, entropy_of_views(torch.stack([one, other])).numpy(), atol=1e-6)
    assert (uncertainty_of(views) == doubt.uncertainty).all()
    found = torch.stack([torch.from_numpy(ids == class_id) for class_id in labels.scored])
    wanted = traits_of(mean, (one, other), found)
    assert doubt.traits.stability == pytest.approx(wanted.stability)
    assert doubt.traits.agreement == pytest.approx(wanted.agreement)


def recipe_of(**tasks: TaskRecipe) -> Recipe:
    return TINY.model_copy(update={"tasks": tasks})


def objects_of(labels: Labels, seed: int = 0) -> Predictor:
    task = PanopticTask(kind="panoptic" if labels.stuff else "instance")
    return untrained(recipe_of(objects=task), labels, seed)


@pytest.mark.parametrize("labels", [CELLS, STREET])
def test_objects_are_doubted_as_their_classes_would_be(labels: Labels) -> None:
    """A semantic model of the same weights, uncalibrated, has the same map."""
    objects = objects_of(labels)
    semantic = untrained(recipe_of(semantic=SemanticTask()), labels)
    known = objects.network.state_dict()
    semantic.network.load_state_dict(
        {name: known[name.replace("semantic/", "objects/")] for name in semantic.network.state_dict()}
    )
    found, wanted = objects.predict(IMAGE), semantic.predict(IMAGE)
    assert objects.tells_uncertainty
    assert found.uncertainty is not None
    assert found.uncertainty.dtype == np.float32
    assert found.uncertainty.std() > 0
    np.testing.assert_array_equal(found.uncertainty, wanted.uncertainty)
    assert (found.predicted_dice, found.unlike, found.evidence) == (None, None, None)


def test_views_that_contradict_make_objects_unsure() -> None:
    """What is sure of a picture and of its mirror image, and says the opposite, is as unsure as can be."""
    predictor = objects_of(CELLS)
    look = predictor.look(IMAGE)
    assert look.views is not None
    sure = torch.full_like(look.views[0], 20.0)
    assert uncertainty_of((sure, sure)).max() < 1e-6
    np.testing.assert_allclose(uncertainty_of((sure, -sure)), 1, atol=1e-6)


@pytest.mark.parametrize("labels", [CELLS, STREET])
def test_of_several_models_of_objects_the_mean_probabilities_are_doubted(labels: Labels) -> None:
    members = [objects_of(labels, seed) for seed in range(2)]
    each = np.stack([member.field_values(IMAGE)["objects"]["classes"] for member in members])
    probs = each.mean(axis=0, dtype=np.float64)
    probs = np.concatenate([1 - probs, probs]) if len(probs) == 1 else probs
    wanted = -(probs * np.log(probs)).sum(axis=0) / np.log(len(probs))
    found = Ensemble(members, mean_settings(members)).predict(IMAGE).uncertainty
    assert found is not None
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_semantic_task_is_doubted_before_others_and_joints_never() -> None:
    both = untrained(recipe_of(objects=PanopticTask(), semantic=SemanticTask()), CELLS)
    assert (both.classified, both.doubted) == ("semantic", "semantic")
    assert both.only(["objects"]).doubted == "objects"
    beside = untrained(recipe_of(pose=PoseTask(skeleton=COCO_17), semantic=SemanticTask()))
    assert beside.doubted == "semantic"
    joints = beside.only(["pose"])
    assert (joints.doubted, joints.tells_uncertainty) == (None, False)
    assert joints.predict(IMAGE).uncertainty is None
    assert Ensemble([joints, joints], joints.settings).predict(IMAGE).uncertainty is None
