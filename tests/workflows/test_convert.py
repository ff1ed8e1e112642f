"""Sets of objects written anew: nothing is lost, what cannot be held is said, and pycocotools agrees."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from pycocotools.coco import COCO
from tests.real import RealSet

from pixelwise.data.dataset import Dataset
from pixelwise.errors import DataError, OutputError
from pixelwise.labels import Labels
from pixelwise.objects import ObjectMask
from pixelwise.types import Sample, Size
from pixelwise.workflows.convert import convert
from pixelwise.workflows.data import open_data
from pixelwise.workflows.listener import Listener

# pycocotools 2.0.11 with NumPy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Known = tuple[str, bool, tuple[int, ...]]
LABELS = Labels(classes=("background", "cat", "dog"), things=(1, 2))


class Drawn:
    """A source of given objects."""

    labels, crowds = LABELS, True

    def __init__(self, objects: dict[str, list[ObjectMask]]) -> None:
        self.known = objects

    def objects(self, sample: Sample, size: Size) -> list[ObjectMask]:
        return self.known[sample.name]

    def files(self, sample: Sample) -> list[Path]:
        return []

    def identity(self, sample: Sample) -> str:
        return sample.name


class Heard(Listener):
    """Keeps what is said, and whether the folder was there by then."""

    def __init__(self, out: Path) -> None:
        self.out, self.said = out, list[str]()

    def say(self, text: str) -> None:
        assert not self.out.exists()
        self.said.append(text)


def known(dataset: Dataset) -> dict[str, list[Known]]:
    """Objects by image, as (class, is crowd, runs), in an order of their own."""
    return {
        Path(sample.name).name: sorted(
            (dataset.labels.classes[one.class_id], one.is_crowd, one.counts)
            for one in dataset.objects(sample)
        )
        for sample in dataset.samples
    }


def rows(*lines: str) -> NDArray[np.bool_]:
    return np.array([[letter == "#" for letter in line] for line in lines])


def hard(folder: Path) -> Dataset:
    """A hole, parts apart and corner to corner, an overlap, a crowd, one pixel, and an image without objects."""
    ring = rows("####...", "#..#...", "####...", ".......", ".......")
    apart = rows(".......", "......#", ".....#.", ".......", "##.....")
    over = rows("..###..", "..###..", ".......", ".......", ".......")
    crowd = rows("....#.#", "......#", ".......", "....###", "....#.#")
    pixel = rows(".......", ".......", ".......", "..#....", ".......")
    objects = [
        ObjectMask.from_mask(mask, class_id, is_crowd=mask is crowd)
        for mask, class_id in ((ring, 1), (apart, 2), (over, 1), (crowd, 1), (pixel, 2))
    ]
    samples = []
    for name in ("a", "empty"):
        path = folder / f"{name}.png"
        PIL.Image.new("RGB", (7, 5), (9, 90, 200)).save(path)
        samples.append(Sample(name, path, {"objects": path}))
    return Dataset(folder, "drawn", tuple(samples), LABELS, source=Drawn({"a": objects, "empty": []}))


@pytest.fixture
def drawn(tmp_path: Path) -> Dataset:
    (tmp_path / "drawn").mkdir()
    return hard(tmp_path / "drawn")


@pytest.mark.parametrize("to", ["coco", "labelme"])
def test_everything_is_kept(drawn: Dataset, tmp_path: Path, to: str) -> None:
    heard = Heard(tmp_path / "out")
    done = convert(drawn, tmp_path / "out", to, heard)
    assert (done.images, done.objects, done.lost, heard.said) == (2, 5, (), [])
    again = open_data(tmp_path / "out")
    assert again.layout == to
    assert known(again) == known(drawn)


def test_what_yolo_cannot_hold_is_said_before(drawn: Dataset, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "out")
    done = convert(drawn, tmp_path / "out", "yolo", heard)
    assert [sentence.split(";")[0] for sentence in heard.said] == [
        "Crowds: 1",
        "Objects with holes: 1",
        "Objects with parts that lie apart: 1",
        "No images for val: data.yaml names those of train, since Ultralytics needs some.",
    ]
    assert done.objects == 4  # without the crowd
    again = open_data(tmp_path / "out")
    assert again.layout == "yolo"
    expected = {name: [one for one in objects if not one[1]] for name, objects in known(drawn).items()}
    assert known(again) == expected  # cut lines leave nothing behind


def test_what_masks_cannot_hold_is_said_before(drawn: Dataset, tmp_path: Path) -> None:
    heard = Heard(tmp_path / "out")
    convert(drawn, tmp_path / "out", "masks", heard)
    assert len(heard.said) == 1
    assert heard.said[0].startswith("Objects that overlap others: 2;")
    again = open_data(tmp_path / "out")
    assert (again.layout, again.labels) == ("instances", LABELS)
    for one, other in zip(drawn.samples, again.samples, strict=True):
        maps, back = drawn.read(one)[1].maps, again.read(other)[1].maps
        assert maps.keys() == back.keys()
        for name in ("classes", "crowd"):
            np.testing.assert_array_equal(back[name], maps[name])
        np.testing.assert_array_equal(back["instances"] > 0, maps["instances"] > 0)
    assert len(again.objects(again.samples[0])) == 5


def agrees_with_pycocotools(dataset: Dataset, lists: Sequence[Path]) -> int:
    """Every area, box, mask and count of what was written; how many objects."""
    expected = known(dataset)
    count = 0
    for path in lists:
        coco = COCO(str(path))
        for image in coco.imgs.values():
            found = []
            for one in coco.imgToAnns[image["id"]]:
                mask = coco.annToMask(one).astype(np.bool_)
                ys, xs = np.nonzero(mask)
                x, y = int(xs.min()), int(ys.min())
                assert one["area"] == mask.sum()
                assert one["bbox"] == [x, y, int(xs.max()) + 1 - x, int(ys.max()) + 1 - y]
                name = coco.cats[one["category_id"]]["name"]
                found.append((name, bool(one["iscrowd"]), ObjectMask.from_mask(mask, 1).counts))
            assert sorted(found) == expected.pop(Path(image["file_name"]).stem)
            count += len(found)
    assert not expected
    return count


def test_pycocotools_agrees_on_drawn_objects(drawn: Dataset, tmp_path: Path) -> None:
    convert(drawn, tmp_path / "out", "coco")
    assert agrees_with_pycocotools(drawn, [tmp_path / "out/annotations/instances.json"]) == 5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "every", "formats"),
    [
        ("pennfudan", 10, ("yolo", "labelme", "masks", "coco-panoptic")),
        ("dsb2018", 16, ("yolo", "labelme", "masks", "coco-panoptic")),
        ("tiny_coco", 2, ("labelme",)),
    ],
)
def test_real_sets_go_round_through_every_format(
    real_set: RealSet, tmp_path: Path, name: str, every: int, formats: tuple[str, ...]
) -> None:
    opened = open_data(real_set(name))
    chosen = {sample.name for sample in opened.samples[::every]}
    dataset = opened.where(lambda sample: sample.name in chosen)
    expected = known(dataset)
    convert(dataset, tmp_path / "coco", "coco")
    written = sorted((tmp_path / "coco/annotations").iterdir())
    assert agrees_with_pycocotools(dataset, written) == sum(map(len, expected.values())) > 20
    for to in formats:
        convert(open_data(tmp_path / "coco"), tmp_path / to, to)
    for to in ("coco", *formats):
        again = open_data(tmp_path / to)
        assert known(again) == expected
        splits = {Path(sample.name).name: sample.split for sample in again.samples}
        assert splits == {Path(sample.name).name: sample.split for sample in dataset.samples}


def test_refusals(drawn: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no format 'voc' to convert to; choose one of coco"):
        convert(drawn, tmp_path / "out", "voc")
    with pytest.raises(OutputError, match="exists already; give a new folder"):
        convert(drawn, tmp_path / "drawn", "coco")
    (tmp_path / "drawn/empty.png").unlink()
    with pytest.raises(DataError, match="does not exist"):
        convert(drawn, tmp_path / "out", "coco")
    assert [path.name for path in tmp_path.iterdir()] == ["drawn"]  # nothing half-written
