"""Whatever objects there are: every format gives back all that it can hold, and says beforehand what it cannot."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.workflows.test_convert import agrees_with_pycocotools, known

from pixelwise.data.dataset import Dataset
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask, flatten
from pixelwise.types import CLASSES, CROWD, IGNORE_INDEX, INSTANCES, IdMap, Sample, Size
from pixelwise.workflows.convert import convert
from pixelwise.workflows.data import open_data

# pycocotools 2.0.11 with NumPy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

LABELS = Labels(classes=("background", "cat", "dog", "sky"), things=(1, 2))
Scene = tuple[Size, list[ObjectMask]]


class Drawn:
    """A source of given objects."""

    labels, crowds = LABELS, True

    def __init__(self, scenes: Mapping[str, Scene]) -> None:
        self.scenes = scenes

    def objects(self, sample: Sample, size: Size) -> list[ObjectMask]:
        return self.scenes[sample.name][1]

    def files(self, sample: Sample) -> list[Path]:
        return []

    def identity(self, sample: Sample) -> str:
        return sample.name


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Masks of any pixels: holes, parts that touch at corners, overlaps, crowds, single pixels, none at all."""
    size = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    masks = draw(st.lists(arrays(np.bool_, size).filter(np.any), max_size=4))
    pixel = np.zeros(size, np.bool_)
    pixel[draw(st.integers(0, size[0] - 1)), draw(st.integers(0, size[1] - 1))] = True
    masks += [pixel] * draw(st.integers(0, 1)) + [np.ones(size, np.bool_)] * draw(st.integers(0, 1))
    classes = draw(
        st.lists(st.sampled_from([1, 1, 2, 3, IGNORE_INDEX]), min_size=len(masks), max_size=len(masks))
    )
    crowds = draw(st.lists(st.sampled_from([False, False, True]), min_size=len(masks), max_size=len(masks)))
    return size, [
        ObjectMask.from_mask(mask, class_id, is_crowd=crowd and class_id in LABELS.things)
        for mask, class_id, crowd in zip(masks, classes, crowds, strict=True)
    ]


def dataset_of(folder: Path, drawn: list[Scene]) -> Dataset:
    folder.mkdir()
    found = {f"{number}": scene for number, scene in enumerate(drawn)}
    samples = []
    for name, (size, _) in found.items():
        PIL.Image.new("RGB", size[::-1], (9, 90, 200)).save(folder / f"{name}.png")
        samples.append(Sample(name, folder / f"{name}.png", {"objects": folder / f"{name}.png"}))
    return Dataset(folder, "drawn", tuple(samples), LABELS, source=Drawn(found))


def of_kind(
    drawn: list[Scene], classes: tuple[int, ...], *, crowds: bool
) -> dict[str, list[tuple[str, bool, object]]]:
    return {
        f"{number}": sorted(
            (LABELS.classes[one.class_id], one.is_crowd, one.counts)
            for one in objects
            if one.class_id in classes and (crowds or not one.is_crowd)
        )
        for number, (_, objects) in enumerate(drawn)
    }


def same_maps(one: Mapping[str, IdMap], other: Mapping[str, IdMap]) -> bool:
    """Class maps and crowds are alike, and objects but for their numbers."""
    pairs = set(zip(one[INSTANCES].ravel().tolist(), other[INSTANCES].ravel().tolist(), strict=True))
    alike = (
        len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
        and ((one[INSTANCES] > 0) == (other[INSTANCES] > 0)).all()
    )
    crowds = [maps.get(CROWD, np.zeros_like(maps[CLASSES])) for maps in (one, other)]
    return bool(alike and (one[CLASSES] == other[CLASSES]).all() and (crowds[0] == crowds[1]).all())


@given(st.lists(scenes(), min_size=1, max_size=3))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_any_objects_go_round(drawn: list[Scene]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        dataset = dataset_of(root / "drawn", drawn)
        things = of_kind(drawn, LABELS.things, crowds=True)
        if any(things.values()):  # a list of none is no set of objects
            convert(dataset, root / "coco", "coco")
            assert known(open_data(root / "coco")) == things
            assert agrees_with_pycocotools(
                open_data(root / "coco"), [root / "coco/annotations/instances.json"]
            ) == sum(map(len, things.values()))
        convert(dataset, root / "yolo", "yolo")
        assert known(open_data(root / "yolo")) == of_kind(drawn, LABELS.things, crowds=False)
        shapes = of_kind(drawn, (1, 2, 3), crowds=True)
        if any(shapes.values()):
            convert(dataset, root / "labelme", "labelme")
            assert known(open_data(root / "labelme")) == shapes
        for to in ("masks", "coco-panoptic"):
            lost = convert(dataset, root / to, to).lost
            again = open_data(root / to)
            assert again.labels == LABELS
            for sample, back in zip(dataset.samples, again.samples, strict=True):
                assert same_maps(again.read(back)[1].maps, dataset.read(sample)[1].maps)
            overlaps = any(
                np.add.reduce([one.to_mask().astype(int) for one in objects] or [np.zeros(1)]).max() > 1
                for _, objects in drawn
            )
            assert bool(lost) == overlaps


@pytest.mark.slow
def test_real_overlaps_go_into_pictures_as_they_are_trained_on(data_root: Path, tmp_path: Path) -> None:
    opened = open_data(data_root / "tiny_coco")
    chosen = {sample.name for sample in opened.samples[::4]}
    dataset = opened.where(lambda sample: sample.name in chosen)
    for to in ("masks", "coco-panoptic"):
        lost = convert(dataset, tmp_path / to, to).lost
        assert [sentence.split(":")[0] for sentence in lost] == ["Objects that overlap others"]
        again = open_data(tmp_path / to)
        assert again.labels == dataset.labels
        by_name = {Path(sample.name).name: sample for sample in again.samples}
        for sample in dataset.samples:
            size = dataset.read(sample)[0].shape[:2]
            expected = flatten(dataset.objects(sample), size, dataset.labels)
            assert same_maps(again.read(by_name[Path(sample.name).name])[1].maps, expected)
