"""A CSV of images, masks and tags."""

import unicodedata
from pathlib import Path

import pytest
from tests.pictures import pairs, picture

from pixelwise.data.dataset import Dataset
from pixelwise.errors import DataError
from pixelwise.workflows.data import open_data


def listed(root: Path, text: str, name: str = "data.csv") -> Path:
    root.mkdir(exist_ok=True)
    (root / name).write_bytes(text.encode())
    return root / name


def paired(dataset: Dataset) -> dict[str, tuple[str, str | None]]:
    return {s.name: (s.image.name, s.labels["mask"].name if s.labels else None) for s in dataset.samples}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_images_masks_splits_and_tags(tmp_path: Path, separator: str, mark: str, end: str) -> None:
    pairs(tmp_path, "photos/b:m/zz", "photos/a:m/yy")
    picture(tmp_path / "photos/ไฝ.png", 9)
    lines = [
        ["", "image", "mask", "split", "Camera", "note"],
        ["0", "photos/b.png", "m/zz.png", "train", "old, brown", " 1 "],
        ["1", "photos/a.png", "m/yy.png", "Validation", "new", ""],
        ["2", "photos/ไฝ.png", "", "", "", ""],
        ["", "", "", "", "", ""],
    ]
    text = mark + end.join(separator.join(f'"{cell}"' for cell in cells) for cells in lines)
    path = listed(tmp_path, text)
    for opened in (open_data(tmp_path), open_data(path)):
        assert (opened.layout, opened.root) == ("table", tmp_path)
        assert paired(opened) == {"a": ("a.png", "yy.png"), "b": ("b.png", "zz.png"), "ไฝ": ("ไฝ.png", None)}
        assert [(s.split, dict(s.tags)) for s in opened.samples] == [
            ("val", {"Camera": "new"}),
            ("train", {"Camera": "old, brown", "note": "1"}),
            (None, {}),
        ]
    assert open_data(path).opened == (str(path),)


@pytest.mark.parametrize("name", ["data.csv", "dataset.csv", "metadata.csv"])
@pytest.mark.parametrize(
    "header", ["image,mask", "images,masks", "Image_Path,Mask_Path", "filename,label", "mask,image"]
)
def test_names_of_files_and_columns(tmp_path: Path, name: str, header: str) -> None:
    pairs(tmp_path, "a:a_m")
    row = "a_m.png,a.png" if header == "mask,image" else "a.png,a_m.png"
    listed(tmp_path, f"{header}\n{row}\n", name)
    dataset = open_data(tmp_path)
    assert (dataset.layout, paired(dataset)) == ("table", {"a": ("a.png", "a_m.png")})


def test_a_column_that_is_not_needed_is_a_tag(tmp_path: Path) -> None:
    pairs(tmp_path, "a:b")
    dataset = open_data(
        listed(tmp_path, "image,mask,label,filename\na.png,b.png,melanoma,IMG 7\n", "any name.csv")
    )
    assert dict(dataset.samples[0].tags) == {"label": "melanoma", "filename": "IMG 7"}


def test_a_table_about_other_things_is_passed_over(tmp_path: Path) -> None:
    pairs(tmp_path, "images/a:masks/a")
    listed(tmp_path, "image,label\nimages/a.png,melanoma\n", "metadata.csv")
    (tmp_path / "data.csv").write_bytes(b"\xff\xfe")
    assert open_data(tmp_path).layout == "paired"


def test_two_tables_are_refused(tmp_path: Path) -> None:
    pairs(tmp_path, "a:b")
    for name in ("data.csv", "metadata.csv"):
        listed(tmp_path, "image,mask\na.png,b.png\n", name)
    with pytest.raises(DataError) as caught:
        open_data(tmp_path)
    assert str(caught.value) == f"{tmp_path} holds data.csv and metadata.csv; give the one that you mean."
    assert len(open_data(tmp_path / "data.csv")) == 1


def test_names_are_those_of_the_column_or_of_files_with_folders_where_needed(tmp_path: Path) -> None:
    pairs(tmp_path, "1/scan.x:1/m", "2/scan.x:2/m")
    both = "1/scan.x.png,1/m.png{}\n2/scan.x.png,2/m.png{}\n"
    path = listed(tmp_path, "image,mask\n" + both.format("", ""))
    assert list(paired(open_data(path))) == ["1/scan.x", "2/scan.x"]
    listed(tmp_path, "image,mask,name\n" + both.format(",zoe", ",anna"))
    assert paired(open_data(path)) == {"anna": ("scan.x.png", "m.png"), "zoe": ("scan.x.png", "m.png")}
    listed(tmp_path, "image,mask\n1/scan.x.png,1/m.png\n")
    assert list(paired(open_data(path))) == ["scan.x"]


def test_paths_from_another_system(tmp_path: Path) -> None:
    pairs(tmp_path / "set", "été/a:m/a")
    image = unicodedata.normalize("NFD", "été") + "\\a.png"
    path = listed(tmp_path / "set", f"image,mask\n{image},{tmp_path / 'set' / 'm' / 'a.png'}\n")
    assert paired(open_data(path)) == {"a": ("a.png", "a.png")}


def test_splits_of_a_list_overrule_the_column(tmp_path: Path) -> None:
    pairs(tmp_path, "a:b")
    path = listed(tmp_path, "image,mask,split\na.png,b.png,train\n")
    listed(tmp_path, "name,split\na.png,test\n", "splits.csv")
    assert [sample.split for sample in open_data(path).samples] == ["test"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("picture,mask\na.png,b.png\n", " has no column 'image'; its first line should hold image and mask."),
        ("image,split\na.png,train\n", " has no column 'mask'; its first line should hold image and mask."),
        ("", " has no column 'image'; its first line should hold image and mask."),
        ("image,mask\na.png,b.png\nc.png,b.png\n", ", line 3: {} does not exist; paths start at"),
        (
            "image,mask\na.png,c.png\n",
            ", line 2: {} does not exist; paths start at the folder of the CSV.",
        ),
        ("image,mask\n,b.png\n", ", line 2: the image is missing; write its path or remove the line."),
        ("image,mask\na.png,a.png\n", ", line 2: image and mask are the same file; correct one of them."),
        ("image,mask\na.png,b.png\n\na.png,b.png\n", ", line 4: 'a' is listed twice; list every image once,"),
        ("image,mask,name\na.png,b.png,\n", ", line 2: the name is missing; write one,"),
        ("image,mask,name\na.png,b.png,x\nd.png,,x", ", line 3: 'x' is listed twice;"),
        ("image,mask,split\na.png,b.png,tran\n", ", line 2: the split 'tran' should be train, val or test."),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, text: str, said: str) -> None:
    pairs(tmp_path, "a:b")
    picture(tmp_path / "d.png", 9)
    path = listed(tmp_path, text, "mine.csv")
    with pytest.raises(DataError) as caught:
        open_data(path)
    assert str(caught.value).startswith(f"{path}{said.format(tmp_path / 'c.png')}")
    assert ". " not in str(caught.value)


def test_the_size_of_pixels_is_no_tag(tmp_path: Path) -> None:
    pairs(tmp_path, "photos/a:m/a", "photos/b:m/b")
    lines = ["image,mask,mm_per_pixel,camera", "photos/a.png,m/a.png,0.02,A", "photos/b.png,m/b.png,,A"]
    opened = open_data(listed(tmp_path, "\n".join(lines)))
    assert [(s.spacing, dict(s.tags)) for s in opened.samples] == [
        ((0.02, 0.02), {"camera": "A"}),
        (None, {"camera": "A"}),
    ]
    assert opened.spacing(opened.samples[1]) is None
    with pytest.raises(DataError, match="line 2: mm_per_pixel is 'x'"):
        open_data(listed(tmp_path, "image,mask,mm_per_pixel\nphotos/a.png,m/a.png,x"))
