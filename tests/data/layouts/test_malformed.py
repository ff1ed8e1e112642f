"""Files of objects that are spoilt in any way: a sentence with the file and what to do, never another error."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from pixelwise.cli.main import main
from pixelwise.data.figures import write_figures
from pixelwise.data.scenes import write_scenes
from pixelwise.errors import PixelwiseError
from pixelwise.workflows.check import check
from pixelwise.workflows.convert import convert
from pixelwise.workflows.data import open_data

ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0.5,
    10**30,
    1e308,
    float("nan"),
    "",
    "a\nb\0",
    "x" * 400,
    [],
    {},
    [[[]]],
    [None],
)
JSON_FILES = {
    "coco": "annotations/instances_train.json",
    "coco-panoptic": "annotations/panoptic_train.json",
    "labelme": "train/scene_0000.json",
    "coco-keypoints": "person_keypoints_train.json",
}


@pytest.fixture(scope="module")
def formats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small set in every format."""
    root = tmp_path_factory.mktemp("formats")
    write_scenes(root / "masks", 3, seed=4, size=(40, 48), most=3)
    for to in ("coco", "coco-panoptic", "yolo", "labelme"):
        convert(open_data(root / "masks"), root / to, to)
    write_figures(root / "coco-keypoints", 3, size=(64, 64), most=2)
    return root


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where there is something in a JSON value; of a list the first alone, since the others are alike."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def changed(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    found = copy.deepcopy(document)
    holder = found
    for key in path[:-1]:
        holder = holder[key]
    if value is ODD:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return found


def read_all(root: Path, layout: str) -> None:
    """Everything that is read of a set, refused in one sentence or not at all."""
    try:
        dataset = open_data(root, layout=layout)
        for sample in dataset.samples:
            dataset.read(sample)
    except PixelwiseError as error:
        said = str(error)
    else:
        return
    assert str(root) in said
    assert said.rstrip().endswith(".")


@pytest.mark.slow
@pytest.mark.parametrize("name", JSON_FILES)
def test_any_value_in_any_place_of_a_json_file(formats: Path, tmp_path: Path, name: str) -> None:
    root = shutil.copytree(formats / name, tmp_path / "data")
    path = root / JSON_FILES[name]
    document = json.loads(path.read_text())
    layout = name.replace("-", "_")
    for place in places(document):
        for value in (*ODD, ODD):
            if place or value is not ODD:
                path.write_text(json.dumps(changed(document, place, value)))
                read_all(root, layout)


@pytest.mark.parametrize("name", JSON_FILES)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"images": [], "annotations": []}',
        b"9" * 10_000,
    ],
)
def test_json_of_another_kind(formats: Path, tmp_path: Path, name: str, content: bytes) -> None:
    root = shutil.copytree(formats / name, tmp_path / "data")
    (root / JSON_FILES[name]).write_bytes(content)
    read_all(root, name.replace("-", "_"))


def in_labels(text: bytes) -> Callable[[Path], Path]:
    def spoil(root: Path) -> Path:
        path = sorted((root / "labels").rglob("*.txt"))[0]
        path.write_bytes(text)
        return path

    return spoil


def in_picture(make: Callable[[PIL.Image.Image], PIL.Image.Image]) -> Callable[[Path], Path]:
    def spoil(root: Path) -> Path:
        path = root / "instances/scene_0000.png"
        with PIL.Image.open(path) as picture:
            make(picture).save(path)
        return path

    return spoil


def cut(name: str, kept: float = 0.5) -> Callable[[Path], Path]:
    def spoil(root: Path) -> Path:
        path = root / name
        path.write_bytes(path.read_bytes()[: round(kept * path.stat().st_size)])
        return path

    return spoil


def colours(picture: PIL.Image.Image) -> PIL.Image.Image:
    return PIL.Image.merge(
        "RGB", [PIL.Image.fromarray(np.asarray(picture).astype(np.uint8) * n) for n in (1, 20, 50)]
    )


@pytest.mark.parametrize(
    ("name", "spoil", "message"),
    [
        ("coco", cut(JSON_FILES["coco"]), "cannot be read as JSON, it may be cut short; replace the file."),
        (
            "coco",
            cut(JSON_FILES["coco"], 0.02),
            "cannot be read as JSON, it may be cut short; replace the file.",
        ),
        (
            "coco-panoptic",
            cut(JSON_FILES["coco-panoptic"]),
            "cannot be read as JSON, it may be cut short; replace",
        ),
        (
            "labelme",
            cut(JSON_FILES["labelme"]),
            "cannot be read as JSON, it may be cut short; replace the file.",
        ),
        (
            "coco-panoptic",
            cut("annotations/panoptic_train/scene_0000.png"),
            "cannot be read, it may be cut short",
        ),
        ("masks", cut("instances/scene_0000.png"), "cannot be read, it may be cut short"),
        ("masks", in_picture(colours), "is a coloured mask"),
        (
            "masks",
            in_picture(lambda picture: picture.crop((0, 0, 9, 9))),
            "is 9×9 pixels but its image is 48×40",
        ),
        ("yolo", in_labels(b"\xff\xfe"), "cannot be read as UTF-8 text; replace the file."),
        ("yolo", in_labels(b"0 a b c d e f"), "line 1 should hold numbers alone"),
        ("yolo", in_labels(b"0 0.5 0.5 0.2 0.2"), "line 1 is a box and no outline"),
        (
            "yolo",
            in_labels(b"0 0.1 0.1 0.9 0.1 0.9"),
            "line 1 should be a class, then x and y of 3 or more corners",
        ),
        (
            "yolo",
            in_labels(b"0 1e400 0.1 0.9 0.1 0.9 nan"),
            "line 1 should be a class, then x and y of 3 or more",
        ),
        ("yolo", in_labels(b"99999999999999999999 0.1 0.1 0.9 0.1 0.9 0.9"), "which data.yaml does not name"),
        ("yolo", in_labels(b"-1 0.1 0.1 0.9 0.1 0.9 0.9"), "which data.yaml does not name; add it there."),
    ],
)
def test_the_command_says_one_sentence(
    formats: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    spoil: Callable[[Path], Path],
    message: str,
) -> None:
    root = shutil.copytree(formats / name, tmp_path / "data")
    path = spoil(root)
    layout = {"masks": "instances"}.get(name, name.replace("-", "_"))
    with pytest.raises(SystemExit) as stopped:
        main(["convert", str(root), str(tmp_path / "out"), "--to", "coco", "--layout", layout])
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.startswith("Error: ")
    assert said.count("\n") == 1
    assert str(path) in said
    assert message in said
    assert not (tmp_path / "out").exists()


def test_numbers_in_a_palette_and_in_sixteen_bits_are_numbers(formats: Path, tmp_path: Path) -> None:
    root = shutil.copytree(formats / "masks", tmp_path / "data")
    path = root / "instances/scene_0000.png"
    expected = [one.counts for one in open_data(root).objects(open_data(root).samples[0])]
    with PIL.Image.open(path) as picture:
        ids = np.asarray(picture).astype(np.uint8)
    indexed = PIL.Image.fromarray(ids)
    indexed.putpalette(np.random.default_rng(0).integers(0, 255, 768).astype(np.uint8).tobytes())
    for one in (indexed, PIL.Image.fromarray(ids.astype(np.uint16) * 200)):
        one.save(path)
        assert [found.counts for found in open_data(root).objects(open_data(root).samples[0])] == expected


def test_a_name_with_line_ends_is_told_on_one_line(
    formats: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = shutil.copytree(formats / "coco", tmp_path / "data")
    path = root / JSON_FILES["coco"]
    document = json.loads(path.read_text())
    document["images"][0]["file_name"] = "a\nb\x1b[31m.png"
    path.write_text(json.dumps(document))
    with pytest.raises(SystemExit) as stopped:
        main(["convert", str(root), str(tmp_path / "out"), "--to", "yolo"])
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.count("\n") == 1
    assert r"lists a\nb\x1b[31m.png, which is neither" in said


def test_a_check_survives_what_cannot_be_read(formats: Path, tmp_path: Path) -> None:
    for name, spoil in (("masks", cut("instances/scene_0000.png")), ("yolo", in_labels(b"0 a b c d e f"))):
        root = shutil.copytree(formats / name, tmp_path / name)
        path = spoil(root)
        [finding] = [one for one in check(root).result.findings if one.severity == "error"]
        assert [place.files for place in finding.places] == [(path.relative_to(root).as_posix(),)]
