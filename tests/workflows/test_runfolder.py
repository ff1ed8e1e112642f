"""The folder of a run: one process at a time, and nothing left where nothing came of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pixelwise import files
from pixelwise.data.synthetic import write_lesions
from pixelwise.errors import OutputError
from pixelwise.workflows.runfolder import CHECKPOINT, METRICS, MODEL, RECIPE, SPLITS, has_begun, run_folder

HOLD = """
import sys
from pathlib import Path
from pixelwise.workflows.runfolder import run_folder
with run_folder(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("resumed", [False, True])
def test_two_processes_never_write_one_run(tmp_path: Path, resumed: bool) -> None:
    out = tmp_path / "รัน 1"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(OutputError, match="another training is writing into"),
            run_folder(out, resumed=resumed),
        ):
            pass
        assert out.is_dir()
        holder.kill()
        holder.wait()
    with run_folder(out, resumed=resumed) as folder:  # killed, it holds the folder no more
        (folder / RECIPE).write_text("")
    assert [one.name for one in out.iterdir()] == [RECIPE]


def begin_and_fail(out: Path) -> None:
    """Write a file of a run and give up."""
    with run_folder(out) as folder:
        (folder / RECIPE).write_text("")
        raise ValueError("broken")


def test_a_run_that_fails_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"):
        begin_and_fail(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_what_else_is_in_the_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="broken"):
        begin_and_fail(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("names", [(SPLITS,), (MODEL, METRICS), (CHECKPOINT,)])
def test_files_of_which_no_run_is_made_are_not_gone_on_with(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match="give the name of a new folder"):
        has_begun(tmp_path)
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == dict.fromkeys(names, "mine")


def test_images_and_masks_are_not_gone_on_with(tmp_path: Path) -> None:
    write_lesions(tmp_path, 2, size=(32, 32))
    with pytest.raises(OutputError, match="folder of images and masks"):
        has_begun(tmp_path)


def test_what_a_living_run_is_writing_stays(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with run_folder(out) as folder:
        (folder / RECIPE).write_text("")
        with files.replacing(folder / CHECKPOINT) as part:
            part.write_text("half")
            with pytest.raises(OutputError, match="another training is writing into"):
                has_begun(out)
            assert part.read_text() == "half"
    (out / f".{CHECKPOINT}.0123abcd.part").write_text("half")  # as a killed one leaves it
    assert has_begun(out)
    assert sorted(one.name for one in out.iterdir()) == [CHECKPOINT, RECIPE]
