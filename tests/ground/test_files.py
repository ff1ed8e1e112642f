"""Files are written whole or not at all."""

import os
import stat
import sys
from pathlib import Path

import pytest

from pixelwise import files
from pixelwise.errors import DataError, OutputError

posix = pytest.mark.skipif(sys.platform == "win32", reason="permission bits are POSIX")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "ผล ๑.txt"
    files.write_text(path, "one\nไทย\n")
    assert path.read_bytes() == "one\nไทย\n".encode()  # Unix line ends on every system
    files.write_bytes(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == {path.name}


def fail_halfway(path: Path, error: BaseException) -> None:
    with files.replacing(path) as temporary:
        temporary.write_text("half of the n")
        raise error


@pytest.mark.parametrize("error", [DataError("no"), ValueError("no"), KeyboardInterrupt()], ids=repr)
def test_failure_keeps_the_old_file_and_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "metrics.json"
    path.write_text("old")
    with pytest.raises(type(error)):
        fail_halfway(path, error)
    assert path.read_text() == "old"
    assert names(tmp_path) == {path.name}


def test_a_full_disk_is_said_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with pytest.raises(OutputError) as caught:
        fail_halfway(path, OSError(28, "No space left on device"))
    assert str(caught.value) == (
        f"{path} could not be written (No space left on device); make room or choose another folder."
    )
    assert names(tmp_path) == set()


def test_no_such_folder(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "page.html"
    with pytest.raises(OutputError, match="could not be written") as caught:
        files.write_text(path, "text")
    assert str(path) in str(caught.value)


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.mkdir()
    with pytest.raises(OutputError, match="could not be written"):
        files.write_text(path, "text")
    assert names(tmp_path) == {"run"}


def test_a_long_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("ก" * 80 + ".json")  # 245 bytes; a file's name may have 255
    files.write_text(path, "{}")
    assert names(tmp_path) == {path.name}


@posix
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_rights_are_those_that_open_would_give(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        (tmp_path / "opened").open("w").close()
        files.write_text(tmp_path / "written", "text")
        assert os.umask(umask) == umask  # reading the mask did not change it
    finally:
        os.umask(before)
    rights = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("opened", "written")]
    assert rights[0] == rights[1]
