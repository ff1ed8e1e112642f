"""Faults of object data, planted into copies of real sets one at a time, are found where they were planted."""

from __future__ import annotations

import base64
import csv
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from tests.data.layouts.test_objectmasks import unpacked
from tests.real import present

from pixelwise.workflows.check import Checked, check
from pixelwise.workflows.convert import convert
from pixelwise.workflows.data import open_data

Ids = NDArray[np.int64]
WARNINGS = {"object-alike", "object-pieces", "object-speck"}
OBJECT_KINDS = ("objects-", "object-", "annotation-", "ids-", "size-said", "pair-")


@pytest.fixture(scope="module")
def sets(data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of tiny COCO as it is; nuclei as pictures of numbers, and converted into every format."""
    root = tmp_path_factory.mktemp("sets")
    _some_of_coco(present(data_root / "tiny_coco"), root / "coco")
    nuclei = present(data_root / "dsb2018")
    for image in sorted((nuclei / "images").iterdir())[:90:15]:
        for part in ("images", "instances"):
            (root / "instances" / part).mkdir(parents=True, exist_ok=True)
            shutil.copy(nuclei / part / image.name, root / "instances" / part)
    for to in ("yolo", "labelme", "coco-panoptic"):
        convert(open_data(root / "instances"), root / to, to)
    unpacked(root / "instances", root / "object-masks", every=1)
    return root


def _some_of_coco(source: Path, target: Path) -> None:
    document = json.loads((source / "annotations/instances_val2017.json").read_text())
    images = document["images"][:8]
    ids = {one["id"] for one in images}
    (target / "images").mkdir(parents=True)
    for one in images:
        shutil.copy(source / "val2017" / one["file_name"], target / "images")
    kept = {
        **document,
        "images": images,
        "annotations": [one for one in document["annotations"] if one["image_id"] in ids],
    }
    (target / "instances.json").write_text(json.dumps(kept))


@dataclass(frozen=True)
class Planted:
    """A fault of a set of this name, its kind, and the files that are to be named."""

    data: str
    kind: str
    plant: Callable[[Path], list[str]]
    mends: bool = False


def in_coco(change: Callable[[dict[str, Any], dict[str, Any]], object]) -> Callable[[Path], list[str]]:
    """Change an annotation of polygons, not of a crowd; the image that it is of."""

    def plant(root: Path) -> list[str]:
        document = json.loads((root / "instances.json").read_text())
        one = next(
            a for a in document["annotations"] if isinstance(a["segmentation"], list) and a["area"] > 2000
        )
        change(document, one)
        (root / "instances.json").write_text(json.dumps(document))
        name = next(i["file_name"] for i in document["images"] if i["id"] == one["image_id"])
        return [f"images/{name}"]

    return plant


def again(document: dict[str, Any], one: dict[str, Any]) -> None:
    document["annotations"].append({**one, "id": 999_999_999})


def nearly_again(document: dict[str, Any], one: dict[str, Any]) -> None:
    moved = [[number + 1 for number in part] for part in one["segmentation"]]
    x, y, w, h = one["bbox"]
    document["annotations"].append(
        {**one, "id": 999_999_999, "segmentation": moved, "bbox": [x + 1, y + 1, w, h]}
    )


def same_id(document: dict[str, Any], one: dict[str, Any]) -> None:
    other = next(
        a for a in document["annotations"] if a["image_id"] == one["image_id"] and a["id"] != one["id"]
    )
    other["id"] = one["id"]


def stray(document: dict[str, Any], one: dict[str, Any]) -> None:
    document["annotations"].append({**one, "id": 999_999_999, "image_id": 999_999_999})


def stray_in_coco(root: Path) -> list[str]:
    in_coco(stray)(root)
    return ["instances.json"]


def lost_image(root: Path) -> list[str]:
    next((root / "images").iterdir()).unlink()
    return ["instances.json"]


def moved_out(document: dict[str, Any], one: dict[str, Any]) -> None:
    [width] = [i["width"] for i in document["images"] if i["id"] == one["image_id"]]
    shift = width - one["bbox"][0] - one["bbox"][2] / 2
    one["segmentation"] = [
        [number + shift * (place % 2 == 0) for place, number in enumerate(part)]
        for part in one["segmentation"]
    ]
    one["bbox"][0] += shift


def other_size(document: dict[str, Any], one: dict[str, Any]) -> None:
    [image] = [i for i in document["images"] if i["id"] == one["image_id"]]
    image["width"], image["height"] = image["width"] // 2, image["height"] // 2


def in_ids(
    change: Callable[[Ids], Ids], suffix: str = ".png", every: bool = True
) -> Callable[[Path], list[str]]:
    """Change the numbers in every picture, or in that of the most objects; those that were changed."""

    def plant(root: Path) -> list[str]:
        paths = sorted((root / "instances").iterdir())
        if not every:
            paths = [max(paths, key=lambda path: len(np.unique(_ids(path))))]
        for path in paths:
            ids = change(_ids(path))
            path.unlink()
            wide = np.uint16 if ids.max() > 255 else np.uint8
            PIL.Image.fromarray(ids.astype(wide)).save(path.with_suffix(suffix))
        return [f"instances/{path.with_suffix(suffix).name}" for path in paths]

    return plant


def _ids(path: Path) -> Ids:
    with PIL.Image.open(path) as picture:
        return np.asarray(picture).astype(np.int64)


def smoothed(ids: Ids) -> Ids:
    """Objects of far numbers, and in between along their edges, as bilinear scaling leaves them."""
    spread = (ids * 97) % 251
    picture = PIL.Image.fromarray(spread.astype(np.uint8))
    half = picture.resize((ids.shape[1] // 2, ids.shape[0] // 2), PIL.Image.Resampling.NEAREST)
    return np.asarray(half.resize(picture.size, PIL.Image.Resampling.BILINEAR)).astype(np.int64)


def beside_large_ones() -> Ids:
    """Three large objects, and ten a pixel or two wide that touch them, all drawn with hard edges."""
    found = np.zeros((96, 128), np.int64)
    for number, left in enumerate((4, 44, 84), start=1):
        found[10:80, left : left + 30] = number
    for number in range(10):
        row, left = 12 + 6 * number, (34, 74, 114)[number % 3]
        found[row : row + 3, left : left + 2] = 4 + number
    return found


def wrapped(ids: Ids) -> Ids:
    """300 small objects, counted in 8 bits."""
    found = np.zeros_like(ids)
    for number in range(300):
        row, column = divmod(number, 20)
        found[row * 16 + 4 : row * 16 + 12, column * 12 + 4 : column * 12 + 12] = (number + 1) % 256
    return found


def joined_far(ids: Ids) -> Ids:
    """Two small objects that lie furthest apart under one number."""
    numbers = np.unique(ids[ids > 0])
    middles = np.array([np.argwhere(ids == number).mean(axis=0) for number in numbers])
    apart = np.abs(middles[:, None] - middles).max(axis=-1)
    one, other = np.unravel_index(apart.argmax(), apart.shape)
    area = [int((ids == numbers[place]).sum()) for place in (one, other)]
    assert min(area) > 0.2 * max(area)
    return np.where(ids == numbers[one], numbers[other], ids)


def specked(ids: Ids) -> Ids:
    free = np.argwhere(ids == 0)[0]
    ids[tuple(free)] = ids.max() + 1
    return ids


def in_text(change: Callable[[list[str]], object]) -> Callable[[Path], list[str]]:
    """Change the lines of YOLO's text with the most objects."""

    def plant(root: Path) -> list[str]:
        path = max(sorted((root / "labels").rglob("*.txt")), key=lambda path: path.stat().st_size)
        lines = path.read_text().splitlines()
        change(lines)
        path.write_text("\n".join(lines) + "\n")
        return [path.relative_to(root).as_posix()]

    return plant


def far_out(lines: list[str]) -> None:
    number, *rest = lines[0].split()
    lines[0] = " ".join([number, *(str(float(one) + 0.95) for one in rest)])


def in_pixels(lines: list[str]) -> None:
    number, *rest = lines[0].split()
    lines[0] = " ".join([number, *(str(float(one) * 256) for one in rest)])


def unknown_class(lines: list[str]) -> None:
    lines[0] = f"7{lines[0][1:]}"


def two_corners(lines: list[str]) -> None:
    lines[0] = " ".join([*lines[0].split()[:5], "0.5"])


def in_json(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], list[str]]:
    """Change labelme's JSON of the most shapes."""

    def plant(root: Path) -> list[str]:
        path = max(sorted(root.rglob("*.json")), key=lambda path: path.stat().st_size)
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))
        return [path.relative_to(root).as_posix()]

    return plant


def in_segments(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], list[str]]:
    """Change the first annotation of the panoptic JSON; its PNG."""

    def plant(root: Path) -> list[str]:
        path = root / "annotations/panoptic.json"
        document = json.loads(path.read_text())
        change(document["annotations"][0]["segments_info"][0])
        path.write_text(json.dumps(document))
        return [f"annotations/panoptic/{document['annotations'][0]['file_name']}"]

    return plant


def twice_in_folder(root: Path) -> list[str]:
    folder = (
        next(path for path in sorted(root.iterdir()) if len(list((path / "masks").iterdir())) > 2) / "masks"
    )
    first = sorted(folder.iterdir())[0]
    shutil.copy(first, folder / "copy.png")
    return [folder.relative_to(root).as_posix()]


def soft_in_folder(root: Path) -> list[str]:
    folder = sorted(root.iterdir())[0] / "masks"
    first = sorted(folder.iterdir())[0]
    with PIL.Image.open(first) as picture:
        small = picture.resize((100, 100), PIL.Image.Resampling.BILINEAR).resize(picture.size)
    small.save(first)
    return [folder.relative_to(root).as_posix()]


def set_to(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(one: dict[str, Any]) -> None:
        one[key] = value

    return change


def of(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda document, one: change(one)


FAULTS = [
    Planted(
        "coco",
        "annotation-box",
        in_coco(lambda _, a: a.update(bbox=[a["bbox"][0] + 60, *a["bbox"][1:]])),
        True,
    ),
    Planted("coco", "annotation-box", in_coco(of(set_to("bbox", ["a", 1, 2, 3]))), True),
    Planted("coco", "annotation-outside", in_coco(moved_out), True),
    Planted("coco", "annotation-stray", stray_in_coco),
    Planted("coco", "pair-no-image", lost_image),
    Planted("coco", "object-twice", in_coco(again), True),
    Planted("coco", "object-alike", in_coco(nearly_again)),
    Planted("coco", "annotation-id", in_coco(same_id), True),
    Planted("coco", "annotation-outline", in_coco(of(set_to("segmentation", [[10, 10, 20, 20]])))),
    Planted(
        "coco", "annotation-outline", in_coco(of(set_to("segmentation", {"size": [4, 4], "counts": [16]})))
    ),
    Planted("coco", "annotation-outline", in_coco(of(set_to("segmentation", [])))),
    Planted("coco", "annotation-flat", in_coco(of(set_to("segmentation", [[10, 10, 20, 20, 30, 30]]))), True),
    Planted("coco", "annotation-category", in_coco(of(set_to("category_id", 4711)))),
    Planted("coco", "size-said", in_coco(other_size)),
    Planted("instances", "ids-classes", in_ids(lambda ids: 255 * (ids > 0))),
    Planted("instances", "ids-jpeg", in_ids(lambda ids: ids % 256, ".jpg")),
    Planted("instances", "ids-smoothed", in_ids(smoothed, every=False)),
    Planted("instances", "ids-wrapped", in_ids(wrapped, every=False)),
    Planted("instances", "object-pieces", in_ids(joined_far, every=False)),
    Planted("instances", "object-speck", in_ids(specked, every=False)),
    Planted("yolo", "annotation-outside", in_text(far_out), True),
    Planted("yolo", "annotation-outline", in_text(in_pixels)),
    Planted("yolo", "annotation-outline", in_text(two_corners)),
    Planted("yolo", "annotation-category", in_text(unknown_class)),
    Planted("labelme", "annotation-path", in_json(set_to("imagePath", "..\\photos\\other.png")), True),
    Planted("labelme", "size-said", in_json(set_to("imageWidth", 100))),
    Planted(
        "labelme", "annotation-outline", in_json(lambda d: d["shapes"][0].update(points=[[1, 1], [2, 2]]))
    ),
    Planted("labelme", "object-twice", in_json(lambda d: d["shapes"].append(d["shapes"][0])), True),
    Planted("coco-panoptic", "annotation-area", in_segments(set_to("area", 7)), True),
    Planted("coco-panoptic", "objects-unreadable", in_segments(set_to("id", 1234))),
    Planted("coco-panoptic", "objects-unreadable", in_segments(set_to("category_id", 99))),
    Planted("object-masks", "object-twice", twice_in_folder, True),
    Planted("object-masks", "objects-unreadable", soft_in_folder),
]


def of_objects(checked: Checked) -> dict[str, list[str]]:
    """Files by the kinds of what was found with objects."""
    return {
        one.kind: sorted({name for place in one.places for name in place.files})
        for one in checked.result.findings
        if one.kind.startswith(OBJECT_KINDS)
    }


@cache
def as_it_is(root: Path) -> dict[str, list[str]]:
    return of_objects(check(root))


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: f"{one.data} {one.kind} {FAULTS.index(one)}")
def test_a_planted_fault_is_found_and_mended(sets: Path, tmp_path: Path, fault: Planted) -> None:
    root = shutil.copytree(sets / fault.data, tmp_path / "data")
    expected = sorted(fault.plant(root))
    before = as_it_is(sets / fault.data)
    checked = check(root)
    assert fault.kind not in before
    found = of_objects(checked)
    assert found[fault.kind] == expected
    assert set(found) - set(before) <= {fault.kind, "object-empty"}
    for finding in checked.result.findings:
        if finding.kind == fault.kind:
            assert finding.mends == fault.mends
            assert (finding.severity == "error") == (not fault.mends and fault.kind not in WARNINGS)
    mended = checked.mend(tmp_path / "mended")
    lines = list(csv.DictReader((tmp_path / "mended/changes.csv").read_text(encoding="utf-8").splitlines()))
    assert all(line["done"] for line in lines)
    if fault.mends:
        assert (mended.left_out, mended.changed) == (0, 1)
        after = check(tmp_path / "mended")
        assert of_objects(after).keys() <= before.keys()
        assert after.result.n_objects > 0


@pytest.mark.parametrize("data", ["coco", "instances", "yolo", "labelme", "coco-panoptic", "object-masks"])
def test_sets_as_they_are_have_no_error_and_their_copies_hold_the_same(
    sets: Path, tmp_path: Path, data: str
) -> None:
    checked = check(sets / data)
    assert checked.result.count("error") == 0
    mended = checked.mend(tmp_path / "mended")
    assert (mended.changed, mended.left_out) == (0, 0)
    dataset, again = open_data(sets / data), open_data(tmp_path / "mended")
    assert len(dataset) == len(again) == mended.total
    by_name = {Path(sample.name).name: sample for sample in again.samples}
    for sample in dataset.samples:
        # Classes are numbered anew where categories are.
        one, other = (
            sorted(
                (one.is_crowd, one.counts, found.labels.classes[one.class_id]) for one in found.objects(of)
            )
            for found, of in ((dataset, sample), (again, by_name[Path(sample.name).name]))
        )
        assert one == other


def test_tags_and_splits_stay_in_the_copy(sets: Path, tmp_path: Path) -> None:
    root = shutil.copytree(sets / "coco", tmp_path / "data")
    names = [sample.name for sample in open_data(root).samples]
    lines = [f"{name},{'train' if place < 4 else 'test'},{place % 2}" for place, name in enumerate(names)]
    (root / "splits.csv").write_text("\n".join(["name,split,camera", *lines]))
    check(open_data(root)).mend(tmp_path / "mended")
    found = {Path(one.name).name: (one.split, one.tags) for one in open_data(tmp_path / "mended").samples}
    assert found == {one.name: (one.split, one.tags) for one in open_data(root).samples}


def test_what_is_looked_at_is_said_in_objects(sets: Path) -> None:
    result = check(sets / "instances").result
    assert result.n_masks == 0
    objects = sum(
        len(open_data(sets / "instances").objects(s)) for s in open_data(sets / "instances").samples
    )
    assert result.looked_at == f"6 images, {objects} objects"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pennfudan", "dsb2018", "tiny_coco", "coco_panoptic"])
def test_real_sets_have_no_error(data_root: Path, name: str) -> None:
    result = check(present(data_root / name)).result
    assert result.count("error") == 0
    assert sum(len(one.places) for one in result.findings if one.kind.startswith(OBJECT_KINDS)) <= 2


def test_small_objects_beside_large_ones_are_not_taken_for_a_smoothed_edge(tmp_path: Path) -> None:
    for folder, picture in (("images", np.zeros((96, 128, 3), np.uint8)), ("instances", beside_large_ones())):
        (tmp_path / folder).mkdir()
        PIL.Image.fromarray(picture.astype(np.uint8)).save(tmp_path / folder / "a.png")
    assert not _kinds(tmp_path)
    spoilt = smoothed(beside_large_ones()).astype(np.uint8)
    PIL.Image.fromarray(spoilt).save(tmp_path / "instances" / "a.png")
    assert "ids-smoothed" in _kinds(tmp_path)


def _kinds(root: Path) -> set[str]:
    return {finding.kind for finding in check(root).result.findings if finding.kind.startswith("ids-")}


def test_the_page_shows_the_objects_of_a_place(sets: Path, tmp_path: Path) -> None:
    root = shutil.copytree(sets / "instances", tmp_path / "data")
    [name] = in_ids(joined_far, every=False)(root)
    checked = check(root)
    checked.write_page(tmp_path / "check.html")
    page = (tmp_path / "check.html").read_text(encoding="utf-8")
    assert "every object was looked at" in page
    assert "Beside a picture are its objects" in page
    assert name in page.split("lie far apart")[-1]
    section = page.split('id="object-pieces"')[-1] if 'id="object-pieces"' in page else page
    jpeg = base64.b64decode(section.split("data:image/jpeg;base64,")[1].split('"')[0])
    with PIL.Image.open(io.BytesIO(jpeg)) as picture:
        pixels = np.asarray(picture).astype(int)
    middle = pixels.shape[1] // 2
    coloured = np.ptp(pixels, axis=-1) > 60  # nuclei are grey, objects are not
    assert coloured[:, middle + 10 :].mean() > 0.02 > coloured[:, : middle - 10].mean()
