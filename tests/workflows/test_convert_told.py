"""What a conversion refuses, says and counts: names and classes that a format cannot hold, and where it may write."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import PIL.Image
import pytest
from tests.workflows.test_convert import Heard

from pixelwise.errors import DataError, OutputError
from pixelwise.workflows.check import check
from pixelwise.workflows.convert import FORMATS, convert
from pixelwise.workflows.data import open_data


def squares(root: Path, categories: Sequence[str], split: str = "") -> Path:
    """One image with a square of each category but the last."""
    folder = root / (split or "images")
    folder.mkdir(parents=True)
    PIL.Image.new("RGB", (60, 20), (9, 90, 200)).save(folder / "a.png")
    annotations = [
        {
            "id": number,
            "image_id": 1,
            "category_id": number,
            "segmentation": [[x, 2, x + 6, 2, x + 6, 8, x, 8]],
            "iscrowd": 0,
        }
        for number, x in enumerate(range(2, 8 * len(categories) - 6, 8), start=1)
    ]
    document = {
        "images": [{"id": 1, "file_name": "a.png", "height": 20, "width": 60}],
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for number, name in enumerate(categories, start=1)],
    }
    name = f"instances_{split}.json" if split else "instances.json"
    (root / name).write_text(json.dumps(document))
    return root


@pytest.mark.parametrize("name", ["ignore", "Void", "unlabelled"])
def test_a_class_whose_name_means_none_is_not_lost(tmp_path: Path, name: str) -> None:
    dataset = open_data(squares(tmp_path / "data", [name, "cell", "rest"]))
    with pytest.raises(
        DataError, match=f"has a class '{name}', a name by which a legend means no class; rename"
    ):
        convert(dataset, tmp_path / "out", "masks")
    assert not (tmp_path / "out").exists()
    assert convert(dataset, tmp_path / "out", "yolo").objects == 2


def test_names_come_back_from_yolo_and_others_find_the_images(tmp_path: Path) -> None:
    names = ["café", 'a "b"', "c#1 #x", "it's"]
    dataset = open_data(squares(tmp_path / "data", names, "train"))
    convert(dataset, tmp_path / "out", "yolo")
    assert open_data(tmp_path / "out").labels.classes[1:] == tuple(names)
    written = pytest.importorskip("yaml").safe_load((tmp_path / "out/data.yaml").read_text(encoding="utf-8"))
    # Ultralytics takes a `path` from the working directory, and refuses a set without `val`.
    assert written == {"train": "images", "val": "images", "names": dict(enumerate(names))}


def test_labelme_says_which_classes_it_cannot_hold(tmp_path: Path) -> None:
    dataset = open_data(squares(tmp_path / "data", ["wolf", "ant", "unseen"]))
    heard = Heard(tmp_path / "out")
    done = convert(dataset, tmp_path / "out", "labelme", heard)
    assert (tuple(heard.said), done.objects) == (done.lost, 2)
    assert heard.said[0].startswith("Classes without objects: unseen; left out")
    assert heard.said[1].startswith("The order of classes: wolf, ant;")
    assert open_data(tmp_path / "out").labels.classes == ("background", "ant", "wolf")


def test_a_labelme_shape_called_background_is_named(tmp_path: Path) -> None:
    convert(open_data(squares(tmp_path / "data", ["cell", "rest"])), tmp_path / "out", "labelme")
    listed = tmp_path / "out/a.json"
    listed.write_text(listed.read_text().replace('"cell"', '"background"'))
    with pytest.raises(DataError, match=re.escape(f"{listed} has a shape called 'background'")):
        open_data(tmp_path / "out")


@pytest.mark.parametrize("told", [{"imageHeight": None, "imageWidth": None}, {"imageWidth": None}])
def test_a_labelme_file_that_does_not_say_its_size_is_told_what_to_write(
    tmp_path: Path, told: dict[str, None]
) -> None:
    convert(open_data(squares(tmp_path / "data", ["cell", "rest"])), tmp_path / "out", "labelme")
    listed = tmp_path / "out/a.json"
    document = json.loads(listed.read_text())
    listed.write_text(json.dumps({**document, **told}))
    dataset = open_data(tmp_path / "out")
    said = (
        f"{listed} does not say the size of its image (imageHeight and imageWidth); if it was labelled on this very "
        "image, write 20 and 60 there."
    )
    with pytest.raises(DataError, match=f"^{re.escape(said)}$"):
        dataset.objects(dataset.samples[0])
    [finding] = [one for one in check(tmp_path / "out").result.findings if one.severity == "error"]
    assert finding.kind == "objects-unreadable"
    assert "does not say the size of its image" in finding.places[0].detail
    for size in (
        {"imageHeight": 20.0, "imageWidth": 60.0},
        {},
    ):  # what is not said at all is of the image as it is
        kept = {name: value for name, value in document.items() if not name.startswith("image")}
        listed.write_text(json.dumps({**kept, **size}))
        assert len(dataset.objects(dataset.samples[0])) == 1


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("place", ["out", "images/out", "images/deep/out"])
def test_nothing_is_written_into_the_set_itself(tmp_path: Path, to: str, place: str) -> None:
    root = squares(tmp_path / "data", ["cell", "rest"])
    with pytest.raises(OutputError, match="; give a folder outside of it"):
        convert(open_data(root), root / place, to)
    assert sorted(path.name for path in root.rglob("*")) == ["a.png", "images", "instances.json"]
