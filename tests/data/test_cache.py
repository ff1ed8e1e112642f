"""The cache of decoded frames: keyed by content, shared, bounded, and never trusted when damaged."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from tests.pictures import shades

from pixelwise.data.cache import Cache, digest
from pixelwise.data.dataset import Dataset
from pixelwise.data.frames import CachedFrames, read_frames
from pixelwise.data.layouts import paired
from pixelwise.data.synthetic import write_lesions
from pixelwise.errors import DataError, OutputError
from pixelwise.geometry import Frame
from pixelwise.recipe import Scale, Values
from pixelwise.types import Label, Pixels, PixelType, Sample

SIZE = (64, 96)
PADDING = (128, 128, 128)


@pytest.fixture
def lesions(tmp_path: Path) -> Dataset:
    return paired.read(write_lesions(tmp_path / "lesions", 6, seed=0, size=(48, 64)))


def read(lesions: Dataset, cache: Path) -> CachedFrames:
    return read_frames(lesions, Scale(size=SIZE), Values(), Cache(cache))


def test_a_batch_is_the_samples_in_frames(lesions: Dataset, tmp_path: Path) -> None:
    images, labels = read(lesions, tmp_path / "cache").batch(torch.tensor([4, 1]))
    for row, index in enumerate((4, 1)):
        image, label = lesions.read(lesions.samples[index])
        frame = Frame.fit((48, 64), SIZE)
        assert images[row].equal(frame.place_image(image, PADDING))
        assert labels.class_maps[row].equal(frame.place_ids(label.class_map, 255))
    assert images.dtype == labels.class_maps.dtype == torch.uint8


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
@pytest.mark.parametrize("channels", [1, 5])
def test_frames_keep_the_type_of_their_images(tmp_path: Path, dtype: PixelType, channels: int) -> None:
    values = shades(*SIZE, channels, dtype=dtype)
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    np.save(tmp_path / "images" / "a.npy", values)
    PIL.Image.new("L", SIZE[::-1], 255).save(tmp_path / "masks" / "a.png")
    dataset = paired.read(tmp_path)
    for _ in range(2):  # the second time from the cache
        images, _labels = read_frames(
            dataset, Scale(size=SIZE), Values(channels=channels, dtype=dtype), Cache(tmp_path / "cache")
        ).batch(torch.tensor([0, 0]))
        assert images.dtype == getattr(torch, dtype)
        np.testing.assert_array_equal(images[1].numpy(), values.transpose(2, 0, 1))


def decodings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the samples that are decoded from now on."""
    seen: list[str] = []
    original = Dataset.read

    def read(self: Dataset, sample: Sample) -> tuple[Pixels, Label]:
        seen.append(sample.name)
        return original(self, sample)

    monkeypatch.setattr(Dataset, "read", read)
    return seen


def test_each_image_is_decoded_once(
    lesions: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = decodings(monkeypatch)
    everything = torch.arange(6)
    first = read(lesions, tmp_path / "cache").batch(everything)
    second = read(lesions, tmp_path / "cache").batch(everything)
    assert sorted(seen) == [sample.name for sample in lesions.samples]
    assert first[0].equal(second[0])
    assert first[1].class_maps.equal(second[1].class_maps)


def test_what_changes_is_decoded_anew(
    lesions: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(lesions, tmp_path / "cache")
    mask = lesions.samples[2].labels["mask"]
    before = mask.stat()
    flipped = np.asarray(PIL.Image.open(mask))[::-1]
    PIL.Image.fromarray(np.ascontiguousarray(flipped)).save(mask)
    os.utime(mask, ns=(before.st_atime_ns, before.st_mtime_ns))  # the content tells, not the clock
    seen = decodings(monkeypatch)
    _, labels = read(lesions, tmp_path / "cache").batch(torch.arange(6))
    assert seen == [lesions.samples[2].name]
    assert labels.class_maps[2].equal(
        Frame.fit((48, 64), SIZE).place_ids((flipped > 0).astype(np.uint8), 255)
    )


@pytest.mark.parametrize(
    "harm", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:200])]
)
def test_frames_that_are_lost_or_cut_short_are_decoded_again(
    lesions: Dataset, tmp_path: Path, harm: object
) -> None:
    frames = read(lesions, tmp_path / "cache")
    expected = frames.batch(torch.arange(6))[0]
    for path in (tmp_path / "cache").glob("*/*"):
        harm(path)  # type: ignore[operator]
    assert frames.batch(torch.arange(6))[0].equal(expected)


WRITER = """
import sys
from pathlib import Path
import torch
from pixelwise.data.cache import Cache
cache = Cache(Path(sys.argv[1]))
while True:
    for name in ("aa1", "bb2"):
        cache.put(name, {"image": torch.full((3, 700, 700), ord(name[0]), dtype=torch.uint8)})
"""


@pytest.mark.slow
def test_two_writers_and_a_kill_leave_whole_files(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)]) for _ in range(2)]
    cache, seen, deadline = Cache(tmp_path), 0, time.monotonic() + 60
    while seen < 40 and time.monotonic() < deadline:
        for name in ("aa1", "bb2"):
            found = cache.get(name)
            if found is not None:
                assert (found["image"] == ord(name[0])).all()
                seen += 1
    for writer in writers:
        writer.kill()
        writer.wait()
    assert seen >= 40
    assert all(cache.get(name) is not None for name in ("aa1", "bb2"))


def test_the_longest_unused_go_first_and_recent_ones_stay(tmp_path: Path) -> None:
    cache, now = Cache(tmp_path), time.time()
    for age, name in enumerate(("aa", "bb", "cc", "dd")):
        cache.put(name, {"image": torch.zeros(1000, dtype=torch.uint8)})
        os.utime(tmp_path / name / f"{name}.safetensors", (0, now - 86400 * (3 - age) - 60))
    cache.trim(limit=3500)
    assert [name for name in ("aa", "bb", "cc", "dd") if cache.get(name)] == ["bb", "cc", "dd"]
    assert cache.touch("bb")
    cache.trim(limit=0)  # dd is a minute old, bb was just used
    assert [name for name in ("bb", "cc", "dd") if cache.get(name)] == ["bb", "dd"]
    assert not cache.touch("aa")


def test_the_name_follows_contents_order_and_settings(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    names = {
        digest([one, other], {"size": 1}),
        digest([other, one], {"size": 1}),
        digest([one, other], {"size": 2}),
        digest([one], {"size": 1}),
    }
    assert len(names) == 4
    other.rename(tmp_path / "third")
    assert digest([one, tmp_path / "third"], {"size": 1}) in names
    with pytest.raises(DataError, match=r"other cannot be read"):
        digest([other], {})


def test_tiles_are_frames_of_their_own(lesions: Dataset, tmp_path: Path) -> None:
    scale, cache = Scale(policy="tiles", size=(32, 32)), Cache(tmp_path / "cache")
    frames = read_frames(lesions, scale, Values(), cache)
    assert len(frames) == 6 * 2 * 3  # of 48 × 64: tiles begin at 0 and 16, and at 0, 16 and 32
    images, labels = frames.batch(torch.tensor([6, 11]))
    image, label = lesions.read(lesions.samples[1])
    assert np.array_equal(images[0].permute(1, 2, 0), image[:32, :32])
    assert np.array_equal(images[1].permute(1, 2, 0), image[16:, 32:])
    assert np.array_equal(labels.class_maps[1], label.class_map[16:, 32:])
    showing = frames.showing([1])[1]
    assert showing.tolist() == [k for k in range(36) if 1 in frames.batch(torch.tensor([k]))[1].class_maps]
    for path in (tmp_path / "cache").rglob(f"{frames.entries[11].name}.*"):
        path.unlink()  # while training: it is decoded again
    assert torch.equal(frames.batch(torch.tensor([11]))[0][0], images[1])
    assert len({entry.name for entry in frames.entries}) == 36


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such devices")
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/tty"])
def test_a_device_without_an_end_is_not_read(tmp_path: Path, device: str) -> None:
    (tmp_path / "link.png").symlink_to(device)
    with pytest.raises(DataError, match=r"link\.png is no ordinary file"):
        digest([tmp_path / "link.png"], {})


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="--cache"):
        Cache(tmp_path / "cache").put("aa", {"image": torch.zeros(1)})
