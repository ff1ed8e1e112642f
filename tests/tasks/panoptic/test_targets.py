"""Centres and offsets follow from masks."""

from __future__ import annotations

import numpy as np
import torch
from tests.tasks.panoptic.cells import batch, discs, labelled

from pixelwise.data.augment import augment
from pixelwise.labels import Labels
from pixelwise.recipe import Augment, PanopticTask, Values
from pixelwise.tasks import build_task
from pixelwise.tasks.panoptic.targets import UNIT, object_targets
from pixelwise.types import CLASSES, INSTANCES, LabelBatch


def test_every_pixel_points_to_one_pixel_of_its_object_which_has_the_highest_peak() -> None:
    instances = torch.from_numpy(np.stack([discs(96, 20, seed).maps[INSTANCES] for seed in (0, 1)]))
    found = object_targets(instances)
    y, x = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    for image in range(2):
        for number in np.unique(instances[image])[1:].tolist():
            here = instances[image] == number
            to_x = (x + found.offsets[image, 0] * UNIT)[here]
            to_y = (y + found.offsets[image, 1] * UNIT)[here]
            assert to_x.max() - to_x.min() < 1e-4
            assert to_y.max() - to_y.min() < 1e-4
            centre = int(to_y[0].round()), int(to_x[0].round())
            assert instances[image][centre] == number
            assert found.centres[image, 0][centre] == found.centres[image, 0][here].max() == 1
            far = torch.hypot(x - x[here].float().mean(), y - y[here].float().mean())
            assert far[centre] == far[here].min()
            assert (found.sizes[image, 0][here] - here.sum().sqrt()).abs().max() < 1e-4
    outside = instances[:, None] == 0
    assert not found.centres[outside].any()
    assert not found.inside[outside].any()


def test_large_ids_give_the_same_as_small_ones() -> None:
    small = torch.from_numpy(discs(64, 9).maps[INSTANCES])[None]
    large = torch.where(small > 0, small * 1_000_003, small)
    for one, other in zip(
        vars(object_targets(small)).values(), vars(object_targets(large)).values(), strict=True
    ):
        assert torch.equal(one, other)


def test_nothing_one_pixel_and_an_object_that_fills_the_image() -> None:
    empty, single, full = (np.zeros((32, 40), np.int32) for _ in range(3))
    single[5, 7], full[:] = 3, 1
    found = object_targets(torch.from_numpy(np.stack([empty, single, full])))
    assert found.centres.isfinite().all()
    assert found.centres[0].sum() == 0
    assert found.centres[1].sum() == found.centres[1, 0, 5, 7] == 1
    assert found.centres[2, 0].argmax().item() in (15 * 40 + 19, 15 * 40 + 20, 16 * 40 + 19, 16 * 40 + 20)


def test_mirror_images_beyond_the_frame_are_objects_of_their_own() -> None:
    instances = np.zeros((32, 32), np.int32)
    instances[10:20, 0:6] = 1  # cut by the left side: its mirror image touches it
    shift = Augment(hflip=0, rotate=0, scale=1, shear=0, shift=0.5)
    for seed in range(8):
        generator = torch.Generator().manual_seed(seed)
        _, moved = augment(torch.zeros(1, 3, 32, 32), batch(labelled(instances)), shift, Values(), generator)
        ids = moved.maps[INSTANCES][0]
        for number in np.unique(ids)[1:].tolist():
            columns = (ids == number).any(dim=0).sum()
            assert columns <= 6


def test_borders_weigh_classes_alone() -> None:
    labels = Labels(classes=("background", "cell"), things=(1,))
    objects = torch.tensor([[[1, 1, 2, 2, 2, 2, 0, 0, 0]]])
    cells = LabelBatch({CLASSES: (objects > 0).to(torch.uint8), INSTANCES: objects})
    plain, bordered = (
        build_task(PanopticTask(border=border, border_width=0.1), labels).targets(cells)
        for border in (0.0, 4.0)
    )
    assert bordered["classes"][1].tolist() == [[[[1, 5, 5, 1, 1, 5, 5, 1, 1]]]]  # cells that touch are parted
    assert torch.equal(plain["classes"][1], torch.ones(1, 1, 1, 9))
    for name in ("centres", "offsets"):
        assert torch.equal(plain[name][1], bordered[name][1])
