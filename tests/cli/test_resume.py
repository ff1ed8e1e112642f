"""A run that is killed, at whatever moment, goes on with --resume and ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import safetensors.torch
import torch
from tests.cli.conftest import Pixelwise

from pixelwise import files
from pixelwise.errors import OutputError
from pixelwise.recipe import read_recipe
from pixelwise.training import Step
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.train import train

pytestmark = pytest.mark.slow

EPOCHS = 300
KILLS = 4


def command(lesions: Path, recipe: Path, out: Path, *more: str) -> list[str]:
    words = ["train", str(lesions), "--out", str(out), "--recipe", str(recipe), "--epochs", str(EPOCHS)]
    return [sys.executable, "-m", "pixelwise", *words, *more]


def written_at(path: Path) -> int:
    """When a file was last written, in nanoseconds; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def killed_after(path: Path, delay: float, process: subprocess.Popen[bytes]) -> bool:
    """Kill a process some seconds after it wrote a file; False where it ends before."""
    before = written_at(path)
    while written_at(path) in (before, 0):
        if process.poll() is not None:
            return False
        time.sleep(0.01)
    time.sleep(delay)
    return killed(process)


def killed_while_writing(path: Path, process: subprocess.Popen[bytes]) -> bool:
    """Kill a process while it writes a file, so that a part of it is left; False where it ends before."""
    before = parts_of(path)
    while parts_of(path) <= before:
        if process.poll() is not None:
            return False
    return killed(process)


def parts_of(path: Path) -> set[str]:
    """What is being written in the place of a file, and what was left of that."""
    return {one.name for one in path.parent.glob(f".{path.name}.*.part")}


def killed(process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        return False
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return True


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_killed_again_and_again_it_ends_with_the_same_bits(
    lesions: Path, recipe: Path, tmp_path: Path
) -> None:
    """Every other kill comes while a checkpoint is written, until one has left a part; others at a random moment."""
    whole, out = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(lesions, recipe, whole), check=True, capture_output=True)
    draw = random.Random(0)
    kills = torn = 0
    while True:
        process = subprocess.Popen(
            command(lesions, recipe, out, "--resume"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        checkpoint = out / "checkpoint.safetensors"
        if (kills < KILLS or not torn) and (
            killed_while_writing(checkpoint, process)
            if kills % 2 or kills >= KILLS
            else killed_after(checkpoint, draw.uniform(0.0, 0.5), process)
        ):
            kills += 1
            torn += bool(list(out.glob("*.part")))
            continue
        shown, _ = process.communicate()
        # The last kill may come when all is done but the process's end.
        assert process.returncode == 0 or b"is finished" in shown, shown.decode()
        assert b"Resumed: " in shown or b"is finished" in shown, shown.decode()
        break
    assert kills > 0
    assert torn > 0
    one, other = (safetensors.torch.load_file(run / "model.safetensors") for run in (whole, out))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    scores = [
        json.loads((run / "metrics.json").read_text(encoding="utf-8"))["scores"] for run in (whole, out)
    ]
    assert scores[0] == scores[1]
    assert not [path.name for path in out.iterdir() if path.name.endswith(".part")]
    assert {path.name for path in out.iterdir()} == {path.name for path in whole.iterdir()}


class UnpluggedError(Exception):
    """The power went."""


class Unplugging(Listener):
    """Ends it all after a number of steps."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.lines: list[str] = []

    def step(self, step: Step) -> None:
        self.left -= 1
        if not self.left:
            raise UnpluggedError

    def say(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture(scope="module")
def unplugged(lesions: Path, recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that stopped after some steps; to be copied, not to be gone on with."""
    out = tmp_path_factory.mktemp("runs") / "unfinished"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pixelwise.training.loop.KEEP_SECONDS", 0.0)
        patch.setattr("pixelwise.training.loop.KEEPING_SHARE", 1e9)
        with pytest.raises(UnpluggedError):
            train(lesions, out, recipe=read_recipe(recipe), epochs=40, listener=Unplugging(12))
    assert (out / "checkpoint.safetensors").is_file()
    return out


@pytest.fixture
def unfinished(unplugged: Path, tmp_path: Path) -> Path:
    """A run of one's own that stopped after some steps."""
    return shutil.copytree(unplugged, tmp_path / "unfinished")


def test_an_unfinished_run_is_not_overwritten(pixelwise: Pixelwise, lesions: Path, unfinished: Path) -> None:
    done = pixelwise("train", lesions, "--out", unfinished)
    assert done.returncode == 2
    assert "was not finished; go on with it by --resume" in done.stderr


def test_it_goes_on_where_it_was(pixelwise: Pixelwise, lesions: Path, unfinished: Path) -> None:
    done = pixelwise("train", lesions, "--out", unfinished, "--resume")
    assert done.returncode == 0, done.stderr
    assert "Resumed: 11 steps were done already." in done.stdout
    log = (unfinished / "log.csv").read_text().splitlines()
    steps = [int(line.split(",")[1]) for line in log[1:]]
    assert steps == sorted(set(steps))
    assert (len(steps), steps[-1]) == (16, 35)  # as without interruption
    assert not (unfinished / "checkpoint.safetensors").exists()
    again = pixelwise("train", lesions, "--out", unfinished, "--resume")
    assert again.returncode == 2
    assert "is finished" in again.stderr


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--epochs", "41"], "was begun with train.epochs = 40, not 41"),
        (["--seed", "5"], "was begun with seed = 0, not 5"),
        (["--set", "train.batch_size=2"], "was begun with train.batch_size = 8, not 2"),
        (["--network", "unet:plain-small"], "was begun with model.encoder = plain-tiny, not plain-small"),
    ],
)
def test_another_recipe_is_refused(
    pixelwise: Pixelwise, lesions: Path, unfinished: Path, more: list[str], says: str
) -> None:
    done = pixelwise("train", lesions, "--out", unfinished, "--resume", *more)
    assert done.returncode == 2
    assert says in done.stderr
    assert (unfinished / "checkpoint.safetensors").is_file()


def test_changed_images_are_refused(
    pixelwise: Pixelwise, lesions: Path, unfinished: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(lesions, changed)
    images = sorted((changed / "images").iterdir())
    other = (changed / "images" / "lesion_0004.png").read_bytes()
    rows = (changed / "splits.csv").read_text().splitlines()
    first = next(row.split(",")[0] for row in rows if row.endswith("train"))
    assert first != "lesion_0004"
    (changed / "images" / f"{first}.png").write_bytes(other)
    assert len(images) == 12
    done = pixelwise("train", changed, "--out", unfinished, "--resume", "--allow-leaks")
    assert done.returncode == 2
    assert "have changed since" in done.stderr
    assert (unfinished / "checkpoint.safetensors").is_file()


def test_a_damaged_checkpoint_is_refused(pixelwise: Pixelwise, lesions: Path, unfinished: Path) -> None:
    path = unfinished / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    done = pixelwise("train", lesions, "--out", unfinished, "--resume")
    assert done.returncode == 2
    assert "damaged" in done.stderr
    assert "Traceback" not in done.stderr


def test_where_nothing_has_begun_it_begins(
    pixelwise: Pixelwise, lesions: Path, recipe: Path, tmp_path: Path
) -> None:
    done = pixelwise(
        "train", lesions, "--out", tmp_path / "new", "--recipe", recipe, "--resume", "--no-baseline"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "new" / "report.html").is_file()


def test_a_full_disk_leaves_the_last_good_checkpoint(
    lesions: Path, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelwise.training.loop.KEEP_SECONDS", 0.0)
    monkeypatch.setattr("pixelwise.training.loop.KEEPING_SHARE", 1e9)
    whole, written = files.write_bytes, []

    def write(path: Path, content: bytes) -> None:
        if path.name == "checkpoint.safetensors":
            written.append(len(content))
            if len(written) == 6:  # the disk fills in the middle of it
                monkeypatch.setattr(Path, "write_bytes", half)
        whole(path, content)

    def half(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(files, "write_bytes", write)
    out = tmp_path / "full"
    with pytest.raises(OutputError, match="No space left on device"):
        train(lesions, out, recipe=read_recipe(recipe), epochs=40, compared=False)
    monkeypatch.undo()
    assert not list(out.glob(".*.part"))
    assert (out / "checkpoint.safetensors").stat().st_size == written[4]
    listener = Unplugging(0)
    train(lesions, out, resume=True, listener=listener, compared=False)
    assert "Resumed: 5 steps were done already." in listener.lines
