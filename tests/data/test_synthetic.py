"""The drawn lesions: pure in the seed, true masks, neither trivial nor impossible, and written as a data set."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixelwise.data.synthetic import SPLIT_SHARES, Drawing, draw_lesion, write_lesions
from pixelwise.errors import DataError

SIZE = (144, 192)
KINDS = {"common", "atypical", "melanoma-like"}


@pytest.fixture(scope="module")
def drawings() -> list[Drawing]:
    return [draw_lesion(seed, SIZE) for seed in range(60)]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lesions(tmp_path_factory.mktemp("lesions"), 80, seed=3, size=(32, 40))


def grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(image).convert("L"))


def otsu(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The darker side of the threshold that best separates the grey values into two classes."""
    values = grey(image)
    counts = np.bincount(values.ravel(), minlength=256).astype(float)
    below, sums = counts.cumsum(), (counts * np.arange(256)).cumsum()
    above = below[-1] - below
    gap = sums / np.maximum(below, 1) - (sums[-1] - sums) / np.maximum(above, 1)
    return values <= np.argmax(below * above * gap**2)


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def grow(mask: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    for _ in range(steps):
        wide = np.pad(mask, 1)
        mask = mask | wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
    return mask


def largest_piece(mask: NDArray[np.bool_]) -> float:
    """The share of ``mask`` reached from its deepest pixel; 1 when it is one piece."""
    left, core = mask, mask
    while left.any():
        core, left = left, ~grow(~left, 1)
    reached = np.zeros_like(mask)
    reached.flat[int(core.argmax())] = True
    size = 0
    while reached.sum() > size:
        size = int(reached.sum())
        reached = grow(reached, 1) & mask
    return size / float(mask.sum())


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "splits.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("size", [(32, 32), (33, 57), (61, 35), (32, 300), (101, 134), (288, 384)])
def test_shapes_and_types_at_any_size(size: tuple[int, int]) -> None:
    for seed in range(4):
        drawing = draw_lesion(seed, size)
        assert drawing.image.shape == (*size, 3)
        assert drawing.image.dtype == np.uint8
        assert drawing.mask.shape == size
        assert drawing.mask.dtype == np.bool_
        assert 0.02 < drawing.mask.mean() < 0.5


def test_the_same_seed_gives_the_same_bytes() -> None:
    for seed in (0, 7, 2**40):
        once, again = draw_lesion(seed, SIZE), draw_lesion(seed, SIZE)
        assert once.image.tobytes() == again.image.tobytes()
        assert once.mask.tobytes() == again.mask.tobytes()
        assert once.tags == again.tags


def test_the_global_random_state_is_neither_used_nor_changed() -> None:
    np.random.seed(1)
    first = draw_lesion(5, SIZE)
    after = np.random.random()
    np.random.seed(1)
    assert np.random.random() == after
    assert draw_lesion(5, SIZE).image.tobytes() == first.image.tobytes()


def test_every_seed_gives_another_picture(drawings: list[Drawing]) -> None:
    assert len({drawing.image.tobytes() for drawing in drawings}) == len(drawings)
    assert len({drawing.mask.tobytes() for drawing in drawings}) == len(drawings)


def test_areas_and_places_vary(drawings: list[Drawing]) -> None:
    areas = [drawing.mask.mean() for drawing in drawings]
    assert 0.028 < min(areas) < 0.06
    assert 0.33 < max(areas) < 0.46
    centres = np.array([np.argwhere(drawing.mask).mean(axis=0) / SIZE for drawing in drawings])
    assert (np.abs(centres - 0.5).max(axis=1) > 0.15).mean() > 0.25


def test_all_kinds_occur_and_look_different(drawings: list[Drawing]) -> None:
    counts = Counter(drawing.tags["lesion"] for drawing in drawings)
    assert set(counts) == KINDS
    assert min(counts.values()) >= 8
    spread = {
        kind: np.mean([d.image[d.mask].std(axis=0).mean() for d in drawings if d.tags["lesion"] == kind])
        for kind in KINDS
    }
    assert spread["melanoma-like"] > 1.2 * spread["common"]


def test_pictures_are_neither_flat_nor_clipped(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        assert drawing.image.std() > 8
        assert (drawing.image[drawing.mask] == 0).mean() < 0.2
        assert (drawing.image == 255).mean() < 0.2


def test_each_lesion_is_darker_than_the_skin_around_it(drawings: list[Drawing]) -> None:
    gaps = []
    for drawing in drawings:
        values = grey(drawing.image)
        ring = grow(drawing.mask, 12) & ~grow(drawing.mask, 3)
        gaps.append(float(np.median(values[ring]) - np.median(values[drawing.mask])))
    assert np.mean(np.array(gaps) > 10) > 0.95
    assert min(gaps) > 0


def test_the_border_of_the_mask_lies_on_the_edge_of_the_lesion(drawings: list[Drawing]) -> None:
    """The two sides of the border differ less when the mask is moved, grown or shrunk by a tenth of its width."""
    better: list[bool] = []
    for drawing in drawings:
        values = grey(drawing.image).astype(float)
        step = max(3, round(0.1 * float(drawing.mask.sum()) ** 0.5))

        def contrast(mask: NDArray[np.bool_], values: NDArray[np.float64] = values) -> float:
            return float(values[grow(mask, 4) & ~mask].mean() - values[mask & grow(~mask, 4)].mean())

        here = contrast(drawing.mask)
        moved = [contrast(np.roll(drawing.mask, by, axis)) for by in (-step, step) for axis in (0, 1)]
        resized = [contrast(grow(drawing.mask, step)), contrast(~grow(~drawing.mask, step))]
        better.append(bool(here > max(float(np.mean(moved)), *resized)))
    assert np.mean(better) > 0.9


def test_each_lesion_is_one_piece(drawings: list[Drawing]) -> None:
    for drawing in drawings[::4]:
        assert largest_piece(drawing.mask) > 0.99


def test_a_threshold_finds_some_lesions_but_not_all(drawings: list[Drawing]) -> None:
    scores = [dice(otsu(drawing.image), drawing.mask) for drawing in drawings]
    assert 0.55 < np.mean(scores) < 0.80
    assert min(scores) < 0.4
    assert max(scores) > 0.9


def test_written_files_match_the_table(written: Path) -> None:
    table = rows(written)
    names = [row["name"] for row in table]
    assert list(table[0]) == ["name", "lesion", "split"]
    assert names == [f"lesion_{index:04d}" for index in range(80)]
    for part in ("images", "masks"):
        assert sorted(path.stem for path in (written / part).glob("*.png")) == names
    for name in names[:20]:
        image = np.asarray(Image.open(written / "images" / f"{name}.png"))
        mask = np.asarray(Image.open(written / "masks" / f"{name}.png"))
        assert image.shape == (32, 40, 3)
        assert mask.shape == (32, 40)
        assert set(np.unique(mask).tolist()) == {0, 255}


def test_splits_have_their_shares_in_every_kind(written: Path) -> None:
    table = rows(written)
    assert {row["lesion"] for row in table} == KINDS
    assert Counter(row["split"] for row in table) == {"train": 48, "val": 12, "test": 20}
    for kind in KINDS:
        splits = [row["split"] for row in table if row["lesion"] == kind]
        for split, share in SPLIT_SHARES.items():
            assert abs(splits.count(split) - share * len(splits)) <= 2


def test_writing_is_pure_in_the_seed_and_seeds_share_no_picture(tmp_path: Path) -> None:
    def contents(seed: int, name: str) -> dict[str, bytes]:
        folder = tmp_path / name
        assert write_lesions(folder, 6, seed, (32, 32)) == folder
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}

    first, again, other = contents(0, "first"), contents(0, "again"), contents(1, "other")
    assert first == again
    images = {content for path, content in first.items() if path.startswith("images/")}
    assert images.isdisjoint(other.values())


@pytest.mark.parametrize("size", [(31, 64), (64, 31), (0, 0), (-5, 40)])
def test_too_small_a_size_says_what_to_do(size: tuple[int, int]) -> None:
    with pytest.raises(DataError, match="at least 32"):
        draw_lesion(0, size)


def test_mistakes_say_what_to_do_and_write_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least 1"):
        write_lesions(tmp_path / "none", 0)
    with pytest.raises(DataError, match="at least 32"):
        write_lesions(tmp_path / "small", 2, size=(16, 16))
    with pytest.raises(DataError, match="negative"):
        draw_lesion(-1)
    assert not list(tmp_path.iterdir())
