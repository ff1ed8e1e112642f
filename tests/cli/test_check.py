"""`pixelwise check`: its exit status, page, JSON and copy; hostile files end in findings; training refuses leaks."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import jsonschema
import numpy as np
import PIL.Image
import pytest
from tests.checks.drawn import change, change_both, drawn, image_of, mask_of, rename, with_splits
from tests.cli.conftest import Pixelwise

from pixelwise.checks import Check
from pixelwise.cli.main import main

MEASURE = """
import pathlib, re, resource, sys
from pixelwise.cli.main import main
try:
    main(sys.argv[1:])
finally:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # the other counts what the process held that started this one
        most = re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]
    print("kilobytes", most, file=sys.stderr)
"""


def run(*arguments: object) -> int:
    """The exit status of a command in this process."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def check(data: Path, *options: object) -> tuple[int, dict[str, list[list[str]]]]:
    """Exit status, and the files of each kind of finding."""
    page, written = data.parent / "check.html", data.parent / "check.json"
    status = run("check", data, "--page", page, "--json", written, *options)
    result = json.loads(written.read_text(encoding="utf-8"))
    jsonschema.validate(result, Check.model_json_schema(mode="serialization"))
    assert page.read_text(encoding="utf-8").startswith(("<!DOCTYPE html>", "\n<!DOCTYPE html>"))
    errors = any(finding["severity"] == "error" for finding in result["findings"])
    assert status == int(errors)
    return status, {one["kind"]: [place["files"] for place in one["places"]] for one in result["findings"]}


def png(side: int, bits: int) -> bytes:
    """A grey PNG of zeros: tiny as a file, side × side pixels once decoded."""
    packer, line = zlib.compressobj(9), bytes(1 + side * bits // 8)
    packed = b"".join(packer.compress(line) for _ in range(side)) + packer.flush()

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, bits, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def test_without_errors_it_ends_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = check(drawn(tmp_path / "ข้อมูล", 6))
    assert (status, set(found)) == (0, {"mask-0-255"})
    said = capsys.readouterr().out
    assert said.startswith("ข้อมูล: 6 images, 6 masks. 1 note.\n")
    assert "Masks use 0 and 255" in said
    assert "    masks: 6 masks." in said
    assert check(drawn(tmp_path / "one", 1))[0] == 0
    assert "one: 1 image, 1 mask. 1 note." in capsys.readouterr().out


def test_with_an_error_it_ends_with_1_and_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = drawn(tmp_path / "data", 12)
    for index in range(8):
        change(mask_of(root, index), lambda values: values[:-1])
    status, found = check(root)
    assert status == 1
    assert found["size-differs"] == [
        [f"{part}/lesion_000{i}.png" for part in ("images", "masks")] for i in range(8)
    ]
    said = capsys.readouterr().out
    assert "Image and mask differ in size. Make the mask from this very image." in said
    assert said.count("The image is 64 × 48, the mask 64 × 47.") == 5
    assert "and 3 more" in said


@pytest.mark.parametrize("options", [(), ("--page", "absent/check.html"), ("--json", "absent/check.json")])
def test_what_it_cannot_do_ends_with_2(
    tmp_path: Path, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    data = drawn(tmp_path / "data", 2) if options else tmp_path / "absent"
    given = [tmp_path / option if "/" in option else option for option in options]
    assert run("check", data, *given) == 2
    said = capsys.readouterr().err
    assert said.startswith("Error: ")
    assert "absent" in said
    assert said.count("\n") == 1


def test_a_repaired_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = drawn(tmp_path / "data", 6)
    change(mask_of(root, 1), lambda values: values.repeat(2, axis=0).repeat(2, axis=1))
    mask_of(root, 2).write_bytes(b"")
    status, _ = check(root, "--fix", tmp_path / "copy")
    assert status == 1  # of the data as it was
    assert "of 6 samples 1 changed, 1 left out" in capsys.readouterr().out
    assert check(tmp_path / "copy")[0] == 0
    assert run("check", root, "--page", tmp_path / "again.html", "--fix", tmp_path / "copy") == 2
    assert "is not empty" in capsys.readouterr().err
    assert run("check", root, "--page", tmp_path / "again.html", "--fix", root / "images" / "copy") == 2
    assert "lies among the data" in capsys.readouterr().err
    assert not (tmp_path / "again.html").exists()  # it is said before all files are looked at


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_hostile_files_end_in_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = drawn(tmp_path / "data", 16)
    images, masks = root / "images", root / "masks"
    image_of(root, 0).write_bytes(png(30_000, bits=1))
    assert image_of(root, 0).stat().st_size < 200_000
    mask_of(root, 1).write_bytes(mask_of(root, 1).read_bytes()[:60])
    image_of(root, 2).write_text("no picture")
    change_both(root, 3, lambda values: values[:1, :1])
    rename(root, 4, "new\nline.png")
    rename(root, 5, "\x1b[2J\x07bell.png")
    os.rename(os.fsencode(image_of(root, 6)), os.fsencode(images) + b"/\xff\xfe.png")  # noqa: PTH104
    image_of(root, 7).unlink()
    image_of(root, 7).symlink_to(image_of(root, 7))
    mask_of(root, 8).unlink()
    mask_of(root, 8).mkdir()
    (images / "round").symlink_to(images)
    image_of(root, 9).unlink()
    image_of(root, 9).symlink_to("/dev/zero")
    (masks / "lesion_0010.png").unlink()
    (masks / "lesion_0010.png").symlink_to("nowhere.png")
    mask_of(root, 11).chmod(0)
    status, found = check(root, "--fix", tmp_path / "copy")
    assert status == 1
    at = {kind: {name for files in places for name in files} for kind, places in found.items()}
    assert "images/lesion_0000.png" in at["file-enormous"]
    assert "masks/lesion_0001.png" in at["file-truncated"]
    assert "images/lesion_0002.png" in at["file-foreign"]
    assert "images/lesion_0003.png" in at["size-tiny"]
    assert {r"images/new\nline.png", r"images/\x1b[2J\x07bell.png", r"images/\udcff\udcfe.png"} <= at[
        "file-name"
    ]
    assert "masks/lesion_0006.png" in at["pair-no-image"]
    assert "images/lesion_0007.png" in at["file-truncated"] | at["file-foreign"]
    assert "images/lesion_0008.png" in at["pair-no-mask"]
    assert "images/lesion_0009.png" in at["file-truncated"] | at["file-foreign"] | at.get("file-empty", set())
    assert "masks/lesion_0010.png" in at["file-foreign"]
    if os.geteuid() != 0:  # root may read everything
        assert "masks/lesion_0011.png" in at["file-truncated"]
    said = capsys.readouterr().out
    assert "\x1b[2J" not in said
    assert "\x07" not in said
    assert "\x1b[2J" not in (tmp_path / "check.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="measures memory as Unix does")
def test_bombs_do_not_fill_the_memory(tmp_path: Path) -> None:
    """Images and masks of 0.9 billion pixels in a few bytes."""
    root = drawn(tmp_path / "data", 8)
    bomb = png(30_000, bits=1)
    for path in (*(image_of(root, index) for index in range(3)), mask_of(root, 4), mask_of(root, 5)):
        path.write_bytes(bomb)
    command = [sys.executable, "-c", MEASURE, "check", str(root), "--page", str(tmp_path / "check.html")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 1, done.stderr
    assert "more pixels than an ordinary computer can hold" in done.stdout
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(done.stderr.rpartition("kilobytes ")[2]) * unit < 1_000_000_000


def leaking(root: Path) -> Path:
    """A mirrored copy of a training image among those for testing."""
    drawn(root, 12)
    for of in (image_of, mask_of):
        of(root, 12).write_bytes(of(root, 3).read_bytes())
    change_both(root, 12, lambda values: values[:, ::-1])
    return with_splits(root, *["train"] * 8, *["val"] * 2, *["test"] * 3)


def torn(root: Path) -> Path:
    """A patient on both sides."""
    drawn(root, 12)
    patients = [f"p{index // 4}" for index in range(12)]
    return with_splits(root, *["train"] * 6, *["val"] * 2, *["test"] * 4, column="patient", values=patients)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (
            leaking,
            ("images/lesion_0003.png and images/lesion_0012.png", "nearly the same lie in different splits"),
        ),
        (torn, ("images/lesion_0004.png and images/lesion_0006.png", "Images of one group")),
    ],
)
def test_training_refuses_splits_that_leak(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], Path],
    named: tuple[str, ...],
) -> None:
    assert run("train", spoil(tmp_path / "data"), "--out", tmp_path / "run", "--epochs", 1) == 2
    said = capsys.readouterr().err
    assert all(part in said for part in named)
    assert "--allow-leaks" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_leaks_that_are_allowed_are_recorded(
    tmp_path: Path, pixelwise: Pixelwise, recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    done = pixelwise(
        "train",
        leaking(tmp_path / "data"),
        "--out",
        out,
        "--recipe",
        recipe,
        "--allow-leaks",
        "--no-baseline",
    )
    assert done.returncode == 0, done.stderr
    notes = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["notes"]
    [note] = [one for one in notes if one.startswith("Leaks were allowed.")]
    assert "images/lesion_0003.png and images/lesion_0012.png" in note
    assert "Leaks were allowed." in (out / "report.html").read_text(encoding="utf-8")
    assert (out / "check.html").is_file()


@pytest.mark.slow
def test_what_is_alike_is_drawn_into_one_split(tmp_path: Path, pixelwise: Pixelwise, recipe: Path) -> None:
    root = leaking(tmp_path / "data")
    (root / "splits.csv").unlink()
    out = tmp_path / "run"
    done = pixelwise("train", root, "--out", out, "--recipe", recipe, "--no-baseline")
    assert done.returncode == 0, done.stderr
    lines = (out / "splits.csv").read_text(encoding="utf-8").splitlines()
    splits = {line.partition(",")[0]: line.rpartition(",")[2] for line in lines[1:]}
    assert splits["lesion_0003"] == splits["lesion_0012"]
    assert len(splits) == 13


def test_damaged_arrays_are_found_as_damaged_pictures_are(tmp_path: Path) -> None:
    root = drawn(tmp_path / "data", 6)
    np.save(image_of(root, 1).with_suffix(".npy"), np.zeros((48, 64), np.uint16))
    image_of(root, 1).unlink()
    for index, content in ((2, b"\x93NUMPY\x01\x00"), (3, b"\x93NUMPY\x09"), (4, b"")):
        image_of(root, index).with_suffix(".npy").write_bytes(content)
        image_of(root, index).unlink()
    with PIL.Image.open(image_of(root, 5)) as picture:
        picture.save(image_of(root, 5).with_suffix(".tif"))
    image_of(root, 5).unlink()
    path = image_of(root, 5).with_suffix(".tif")
    path.write_bytes(path.read_bytes()[:300])
    status, found = check(root)
    assert status == 1
    named = {name for kind in found if kind.startswith("file-") for files in found[kind] for name in files}
    assert named >= {
        "images/lesion_0002.npy",
        "images/lesion_0003.npy",
        "images/lesion_0004.npy",
        "images/lesion_0005.tif",
    }


@pytest.mark.parametrize("as_ph2", [True, False])
def test_a_repaired_copy_says_what_its_folders_do_not(
    tmp_path: Path, pixelwise: Pixelwise, as_ph2: bool
) -> None:
    root = drawn(tmp_path / "data")
    if as_ph2:
        cases = tmp_path / "PH2Dataset" / "PH2 Dataset images"
        for number in range(12):
            case = cases / f"IMD{number:03}"
            for folder, path in (
                ("Dermoscopic_Image", image_of(root, number)),
                ("lesion", mask_of(root, number)),
            ):
                place = case / f"{case.name}_{folder}"
                place.mkdir(parents=True)
                path.rename(place / f"{place.name.removesuffix('_Image')}{path.suffix}")
        root = cases.parent
    done = pixelwise("check", root, "--page", tmp_path / "check.html", "--fix", tmp_path / "copy")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ("--set augment.rotate=180 --set augment.vflip=0.5" in " ".join(done.stdout.split())) == as_ph2
