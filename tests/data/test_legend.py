"""What values in masks mean: by a legend, by a list of names, or by the values themselves."""

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from tests.pictures import pairs, picture

from pixelwise.data.legend import Legend, read_legend
from pixelwise.errors import DataError
from pixelwise.types import IGNORE_INDEX
from pixelwise.workflows.data import open_data

Ids = list[list[int]]


def written(folder: Path, text: str, name: str = "legend.csv") -> Path:
    (folder / name).write_bytes(text.encode())
    return folder / name


def meaning(legend: Legend) -> tuple[tuple[str, ...], int | None, dict[int, int]]:
    assert legend.coding is not None
    return legend.labels.classes, legend.labels.background, dict(legend.coding.ids)


def decoded(root: Path, **hints: Any) -> Ids:
    """Class ids of the first sample."""
    dataset = open_data(root, **hints)
    ids: Ids = dataset.read(dataset.samples[0])[1].class_map.tolist()
    return ids


def coloured(root: Path, pixels: NDArray[np.uint8]) -> Path:
    picture(root / "images/a.png", 9, size=pixels.shape[:2])
    (root / "masks").mkdir()
    PIL.Image.fromarray(pixels).save(root / "masks/a.png")
    return root


COLOURS = np.array([[(0, 0, 0), (255, 0, 0)], [(0, 128, 255), (255, 255, 255)]], np.uint8)


@pytest.mark.parametrize(
    "text",
    [
        "name,colour\nbackground,#000000\nlesion,#ff0000\nhair,#0080ff\nignore,#ffffff\n",
        "\ufeffName;Color\r\nbackground;000000\r\nlesion;#FF0000\r\nhair;#0080FF\r\nVoid;#ffffff\r\n",
        "name,red,green,blue\nbackground,0,0,0\nlesion,255,0,0\nhair,0,128,255\nunlabelled,255,255,255\n",
        "r\tg\tb\tname\n0\t0\t0\tbackground\n255\t0\t0\tlesion\n0\t128\t255\thair\n255\t255\t255\tUnlabeled\n",
        "name,hex\nlesion,ff0000\nhair,0080ff\nbackground,000000\nignore,ffffff\n",  # background comes first
    ],
)
@pytest.mark.parametrize("palette", [False, True])
def test_colours(tmp_path: Path, text: str, palette: bool) -> None:
    root = coloured(tmp_path, COLOURS)
    if palette:
        with PIL.Image.open(root / "masks/a.png") as mask:
            mask.quantize(4).save(root / "masks/a.png")
    legend = written(tmp_path, text, "my colours.csv")
    dataset = open_data(root, legend=legend)
    assert (dataset.labels.classes, dataset.labels.background) == (("background", "lesion", "hair"), 0)
    assert not dataset.inferred
    assert decoded(root, legend=legend) == [[0, 1], [2, IGNORE_INDEX]]
    legend.rename(tmp_path / "class_dict.csv")
    assert decoded(root) == [[0, 1], [2, IGNORE_INDEX]]  # found where it lies


def test_a_colour_that_the_legend_lacks(tmp_path: Path) -> None:
    root = coloured(tmp_path, COLOURS)
    written(tmp_path, "name,colour\nbackground,#000000\nlesion,#ff0000\n")
    with pytest.raises(
        DataError, match=r"stand for no class \(#0080ff, #ffffff\); known are #000000, #ff0000"
    ):
        decoded(root)


def test_values_in_order_of_rows(tmp_path: Path) -> None:
    text = "name,value\nroad,200\nsky,0\nroad,7\nvoid,3\nroad,8\nignore,255\n"
    classes, background, ids = meaning(read_legend(written(tmp_path, text)))
    assert (classes, background) == (("road", "sky"), None)
    assert ids == {200: 0, 0: 1, 7: 0, 3: IGNORE_INDEX, 8: 0, 255: IGNORE_INDEX}
    assert decoded(pairs(tmp_path, "images/a:masks/a", values=(200, 3, 0))) == [[0, 255, 1], [0, 255, 1]]


def test_two_classes_of_any_value(tmp_path: Path) -> None:
    root = pairs(tmp_path, "images/a:masks/a", values=(0, 100))
    legend = written(tmp_path, "name,value\nskin,0\nlesion,100\n", "l.csv")
    assert open_data(root, legend=legend).labels.background is None
    legend = written(tmp_path, "name,value\nlesion,100\nBackground,0\n", "l.csv")
    assert open_data(root, legend=legend).labels.is_binary
    assert decoded(root, legend=legend) == [[0, 1, 0], [1, 0, 1]]


def test_indices_of_a_palette(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.png", 9)
    mask = PIL.Image.fromarray(np.array([[0, 1, 2], [2, 1, 5]], np.uint8), "P")
    mask.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0, 9, 9, 9, 8, 8, 8, 224, 224, 192])
    (tmp_path / "masks").mkdir()
    mask.save(tmp_path / "masks/a.png")
    assert decoded(tmp_path) == [[0, 1, 2], [2, 1, 5]]
    written(tmp_path, "name,value\nbackground,0\ncat,1\ndog,2\nvoid,5\n")
    assert decoded(tmp_path) == [[0, 1, 2], [2, 1, 255]]


def test_values_of_sixteen_bits(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.png", 9, size=(1, 3))
    (tmp_path / "masks").mkdir()
    PIL.Image.fromarray(np.array([[0, 1000, 40000]], np.uint16)).save(tmp_path / "masks/a.png")
    picture(tmp_path / "images/b.png", 9, size=(1, 3))
    picture(tmp_path / "masks/b.png", 0, size=(1, 3))  # of eight bits beside it
    written(tmp_path, "name,value\nbackground,0\ncell,1000\nignore,40000\n")
    assert decoded(tmp_path) == [[0, 1, 255]]
    dataset = open_data(tmp_path)
    assert dataset.read(dataset.samples[1])[1].class_map.tolist() == [[0, 0, 0]]


def test_a_range_of_values_makes_one_class_of_numbered_objects(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.png", 9, size=(1, 4))
    (tmp_path / "masks").mkdir()
    PIL.Image.fromarray(np.array([[0, 1, 300, 65535]], np.uint16)).save(tmp_path / "masks/a.png")
    legend = written(tmp_path, "name,value\nbackground,0\nnucleus,1 - 65535\n", "l.csv")
    assert decoded(tmp_path, legend=legend) == [[0, 1, 1, 1]]
    assert open_data(tmp_path, legend=legend).labels.is_binary
    legend = written(tmp_path, "name,value\nbackground,0\nnucleus,1-299\nignore,301-65535\n", "l.csv")
    with pytest.raises(DataError, match=r"stand for no class \(300\)"):
        decoded(tmp_path, legend=legend)


def test_masks_that_number_objects_are_told_what_to_do(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.png", 9, size=(1, 200))
    (tmp_path / "masks").mkdir()
    PIL.Image.fromarray(np.arange(200, dtype=np.uint16)[None]).save(tmp_path / "masks/a.png")
    dataset = open_data(tmp_path)
    with pytest.raises(DataError, match=r"masks do that number objects: .* background,0 and object,1-65535"):
        dataset.read(dataset.samples[0])
    written(tmp_path, "name,value\nbackground,0\nobject,1-65535\n")
    assert decoded(tmp_path)[0][:3] == [0, 1, 1]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("9-3", "should run from a number to a higher one"),
        ("1-70000", "at most 65535"),
        ("0-4", "the value 0 is listed twice"),
        ("3-", "should be a whole number"),
        ("1-2-3", "should be a whole number"),
    ],
)
def test_ranges_that_are_none(tmp_path: Path, values: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_legend(written(tmp_path, f"name,value\nbackground,0\ncell,{values}\n"))


def test_a_legend_overrules_what_a_layout_knows(tmp_path: Path) -> None:
    pairs(tmp_path, "train/a:trainannot/a", values=(0, 3, 11))
    legend = written(tmp_path, "name,value\nother,0\nroad,3\nother,11\n", "coarse.csv")
    dataset = open_data(tmp_path, legend=legend)
    assert (dataset.layout, dataset.labels.classes) == ("camvid", ("other", "road"))
    assert decoded(tmp_path, legend=legend) == [[0, 1, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", " has no column 'name'; its first line should hold name and value, or name and colour."),
        ("value,colour\n0,#000000\n", " has no column 'name';"),
        ("name,id\na,0\n", " has no column 'value'; add it, or red, green and blue, or colour (#rrggbb)."),
        ("name,value,colour\na,0,#000000\n", " has columns for values and for colours; remove those"),
        (
            "name,value\na,0\n",
            " names 1 class where 2 to 255 are possible; name what is left as 'background', too.",
        ),
        ("name,value\na,0\nvoid,1\n", " names 1 class where 2 to 255 are possible;"),
        ("name,value\n", " names 0 classes"),
        ("name,value\na,0\nb,0\n", ", line 3: the value 0 is listed twice; remove one of the lines."),
        ("name,value\na,0\n\nb,0.5\n", ", line 4: value '0.5' should be a whole number from 0 to 65535."),
        ("name,value\na,-1\n", ", line 2: value '-1' should be a whole number from 0 to 65535."),
        ("name,value\na,70000\n", ", line 2: value '70000' should be a whole number from 0 to 65535."),
        ("name,value\na,\n", ", line 2: value '' should be a whole number from 0 to 65535."),
        (
            "name,value\n,1\n",
            ", line 2: the name is missing; write one, or 'ignore' for what is not labelled.",
        ),
        (
            "name,colour\na,red\n",
            ", line 2: the colour 'red' should be written as #rrggbb, such as #ff0000 for red.",
        ),
        ("name,colour\na,#fff\n", ", line 2: the colour '#fff' should be written as #rrggbb,"),
        ("name,colour\na,#ABCDEF\nb,#abcdef\n", ", line 3: the colour #abcdef is listed twice;"),
        ("name,red,green,blue\na,0,256,0\n", ", line 2: green '256' should be a whole number from 0 to 255."),
        ("name,red,green\na,0,0\n", " has no column 'value';"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(DataError) as caught:
        read_legend(path)
    assert str(caught.value).startswith(f"{path}{said}")
    assert ". " not in str(caught.value).removeprefix(str(path))


def test_a_legend_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    root = pairs(tmp_path, "images/a:masks/a")
    for name in ("absent.csv", "absent.txt"):
        with pytest.raises(DataError, match="does not exist; check the path given with --legend"):
            open_data(root, legend=tmp_path / name)
    for name in ("image.csv", "image.txt"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff")
        with pytest.raises(DataError, match="cannot be read as UTF-8 text"):
            open_data(root, legend=tmp_path / name)


@pytest.mark.parametrize(
    ("names", "values", "classes", "ids"),
    [
        ("background\ncat\ndog\n", (0, 2, 255), ("background", "cat", "dog"), [0, 2, 255]),
        ("sky\r\n\ufeffsea\r\nvoid\r\nland\r\n\r\n", (1, 2, 3), ("sky", "\ufeffsea", "land"), [1, 255, 2]),
        ("background\nlesion", (0, 255, 0), ("background", "lesion"), [0, 1, 0]),
        ("background\nlesion", (0, 1, 0), ("background", "lesion"), [0, 1, 0]),
        ("background\nlesion", (0, 1, 255), ("background", "lesion"), [0, 1, 255]),
        ("benign\nmalignant", (0, 255, 0), ("benign", "malignant"), [0, 1, 0]),
        ("benign\nmalignant", (0, 1, 255), ("benign", "malignant"), [0, 1, 255]),
    ],
)
def test_a_name_for_each_id(
    tmp_path: Path, names: str, values: tuple[int, ...], classes: tuple[str, ...], ids: list[int]
) -> None:
    root = pairs(tmp_path / "set", "images/a:masks/a", values=values)
    legend = written(tmp_path, names, "my classes.txt")
    for given in (legend, None):
        dataset = open_data(root, legend=given)
        assert (dataset.labels.classes, dataset.inferred) == (classes, False)
        assert dataset.labels.background == (0 if classes[0] == "background" else None)
        assert decoded(root, legend=given)[0] == ids
        written(root, names, "classes.txt")


def test_names_for_a_layout_that_is_known(tmp_path: Path) -> None:
    case = tmp_path / "PH2Dataset/PH2 Dataset images/IMD002"
    picture(case / "IMD002_Dermoscopic_Image/IMD002.bmp", 9)
    picture(case / "IMD002_lesion/IMD002_lesion.bmp", 0, 255)
    legend = written(tmp_path, "skin\nmole\n", "names.txt")
    assert open_data(tmp_path, legend=legend).labels.classes == ("skin", "mole")
    assert decoded(tmp_path, legend=legend) == [[0, 1, 0], [1, 0, 1]]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("a\n\nb\n", "classes.txt, line 2: the name is missing; write one for every value from 0."),
        ("lesion\n", "classes.txt names 1 class where"),  # as programs for boxes write it
        ("sky\nroad", "classes.txt names 2 classes but the masks hold values up to 2; name every class,"),
    ],
)
def test_names_that_do_not_fit(tmp_path: Path, names: str, said: str) -> None:
    written(pairs(tmp_path, "images/a:masks/a", values=(0, 1, 2)), names, "classes.txt")
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert said in str(caught.value)


def test_more_ids_than_names(tmp_path: Path) -> None:
    written(pairs(tmp_path, "images/a:masks/a", values=(0, 7)), "a\nb\nc\n", "classes.txt")
    with pytest.raises(DataError, match=r"a\.png holds values that stand for no class \(7\)"):
        decoded(tmp_path)


@pytest.mark.parametrize(
    ("masks", "expected"),
    [
        ([(0, 1, 255)], [[0, 1, 255]]),
        ([(0, 1, 255), (0, 0, 255)], [[0, 1, 255], [0, 0, 255]]),  # one mask tells what 255 means in all
        ([(1, 255, 1), (0, 1, 0)], [[1, 255, 1], [0, 1, 0]]),
        ([(0, 1, 0), (0, 255, 0)], [[0, 1, 0], [0, 1, 0]]),  # both spellings, never in one file
        ([(0, 255, 0)], [[0, 1, 0]]),
        ([(0, 2, 255)], [[0, 2, 255]]),
    ],
)
def test_what_255_means(tmp_path: Path, masks: list[tuple[int, ...]], expected: list[list[int]]) -> None:
    for number, values in enumerate(masks):
        pairs(tmp_path, f"images/{number}:masks/{number}", values=values)
    dataset = open_data(tmp_path)
    assert dataset.labels.num_classes == (3 if expected == [[0, 2, 255]] else 2)
    assert [dataset.read(sample)[1].class_map.tolist()[0] for sample in dataset.samples] == expected


@pytest.mark.parametrize(
    ("values", "ignore", "classes", "expected"),
    [
        ((0, 1, 255), 255, 2, [0, 1, 255]),
        ((0, 255, 128), 128, 2, [0, 1, 255]),
        ((0, 255, 128), "128", 2, [0, 1, 255]),
        ((0, 1, 9), 9, 2, [0, 1, 255]),
        ((9, 1, 2, 0), 9, 3, [255, 1, 2]),
        ((0, 1, 2, 3), 0, 4, [255, 1, 2]),
        ((0, 1, 200), 200, 2, [0, 1, 255]),
        ((0, 1, 0), 77, 2, [0, 1, 0]),
    ],
)
def test_a_value_to_ignore(
    tmp_path: Path, values: tuple[int, ...], ignore: int | str, classes: int, expected: list[int]
) -> None:
    root = pairs(tmp_path, "images/a:masks/a", values=values)
    assert open_data(root, ignore=ignore).labels.num_classes == classes
    assert decoded(root, ignore=ignore)[0] == expected


def test_a_value_to_ignore_beside_a_legend(tmp_path: Path) -> None:
    root = coloured(tmp_path, COLOURS)
    legend = written(tmp_path, "name,colour\nbackground,#000000\nlesion,#ff0000\nhair,#0080ff\n")
    assert decoded(root, ignore="#ffffff") == decoded(root, ignore="FFFFFF", legend=legend)
    assert decoded(root, ignore="#ffffff") == [[0, 1], [2, 255]]
    with pytest.raises(DataError, match="--ignore: the colour '7' should be written as #rrggbb"):
        open_data(root, ignore=7)
    grey = pairs(tmp_path / "grey", "images/a:masks/a", values=(0, 255, 7))
    named = written(tmp_path, "name,value\nskin,0\nlesion,255\n", "grey.csv")
    assert decoded(grey, legend=named, ignore=7)[0] == [0, 1, 255]


@pytest.mark.parametrize("ignore", ["white", "#ffffff", "-1", "1.5", "", 70000, -1])
def test_a_value_that_no_mask_can_hold(tmp_path: Path, ignore: int | str) -> None:
    root = pairs(tmp_path, "images/a:masks/a")
    with pytest.raises(DataError, match=r"--ignore: '.*' should be a whole number from 0 to 65535"):
        open_data(root, ignore=ignore)


def test_a_value_to_ignore_in_a_layout_that_is_known(tmp_path: Path) -> None:
    pairs(tmp_path, "train/a:trainannot/a", values=(0, 3, 11))
    assert decoded(tmp_path, ignore=0)[0] == [255, 3, 255]


@pytest.mark.parametrize("values", [(0, 128), (0, 100), (3, 255)])
def test_two_values_that_are_no_pair_point_to_the_legend(tmp_path: Path, values: tuple[int, ...]) -> None:
    root = pairs(tmp_path, "images/a:masks/a", values=values)
    with pytest.raises(DataError) as caught:
        open_data(root)
    assert str(caught.value) == (
        f"the masks in {tmp_path / 'masks'} hold the values {values[0]} and {values[1]}; save two classes as 0 and "
        "255, or as 0 and 1, or say in a file given with --legend what they mean."
    )


def test_smoothed_masks_are_still_refused_beside_an_ignored_value(tmp_path: Path) -> None:
    root = pairs(tmp_path, "images/a:masks/a", values=(0, 99, 255, 128, 254, 7))
    with pytest.raises(DataError, match=r"holds 6 values .* where a mask holds two"):
        decoded(root, ignore=128)
