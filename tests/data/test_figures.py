"""The drawn figures: pure in the seed, true joints and masks, covered often enough, read back as they are."""

from pathlib import Path

import numpy as np
import pytest

import pixelwise
from pixelwise.data.figures import FigureDrawing, draw_figures, write_figures
from pixelwise.errors import DataError
from pixelwise.types import CLASSES

SIZE = (128, 160)


@pytest.fixture(scope="module")
def drawings() -> list[FigureDrawing]:
    return [draw_figures(seed, SIZE) for seed in range(24)]


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, other = draw_figures(5, SIZE), draw_figures(5, SIZE)
    assert one.image.tobytes() == other.image.tobytes()
    assert one.people.keypoints.tobytes() == other.people.keypoints.tobytes()
    assert one.image.tobytes() != draw_figures(6, SIZE).image.tobytes()


def test_joints_that_are_seen_lie_on_their_figure_and_on_no_other(drawings: list[FigureDrawing]) -> None:
    for drawn in drawings:
        assert (drawn.masks.sum(axis=0) <= 1).all()
        for points, visibility, mask in zip(
            drawn.people.keypoints, drawn.people.visibility, drawn.masks, strict=True
        ):
            columns, rows = np.floor(points[visibility == 2]).astype(int).T
            assert mask[rows, columns].all()
            outside = (points < 0).any(axis=1) | (points >= [SIZE[1], SIZE[0]]).any(axis=1)
            assert (visibility[outside] == 0).all()
            assert (visibility[~outside] > 0).all()


def test_figures_are_several_of_many_sizes_and_a_third_are_covered(drawings: list[FigureDrawing]) -> None:
    counts = [len(drawn.people) for drawn in drawings]
    assert (min(counts), max(counts)) == (1, 6)
    covered = np.concatenate([drawn.covered for drawn in drawings])
    assert (covered > 0.05).mean() >= 0.3
    legs = np.concatenate(
        [drawn.people.keypoints[:, 15] - drawn.people.keypoints[:, 0] for drawn in drawings]
    )
    heights = np.hypot(*legs.T)
    assert np.percentile(heights, 95) > 2 * np.percentile(heights, 5)


def test_figures_cannot_be_told_by_a_colour(drawings: list[FigureDrawing]) -> None:
    """No one brightness tells figure from ground: over all pictures both are light as often as dark."""
    inside = np.concatenate([drawn.image[drawn.masks.any(axis=0)].mean(axis=-1) for drawn in drawings])
    outside = np.concatenate([drawn.image[~drawn.masks.any(axis=0)].mean(axis=-1) for drawn in drawings])
    shares = [(inside > level).mean() - (outside > level).mean() for level in range(20, 240, 20)]
    assert max(map(abs, shares)) < 0.5


def test_they_are_written_as_a_data_set_with_joints_and_masks(tmp_path: Path) -> None:
    data = pixelwise.open_data(write_figures(tmp_path, 5, seed=3, size=SIZE))
    assert (len(data.split("train")), len(data.split("val"))) == (4, 1)
    for index, sample in enumerate(data.samples):
        drawn = draw_figures(int(np.random.SeedSequence([3, index]).generate_state(1)[0]), SIZE)
        image, label = data.read(sample)
        np.testing.assert_array_equal(image, drawn.image)
        np.testing.assert_array_equal(label.maps[CLASSES], drawn.masks.any(axis=0))
        assert label.people is not None
        seen = drawn.people.visibility > 0
        np.testing.assert_array_equal(label.people.visibility, drawn.people.visibility)
        np.testing.assert_allclose(label.people.keypoints[seen], drawn.people.keypoints[seen], atol=0.006)
        np.testing.assert_array_equal(label.people.boxes, drawn.people.boxes)


def test_too_small_pictures_and_too_few_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least 64"):
        draw_figures(0, (63, 100))
    with pytest.raises(DataError, match="at least 2"):
        write_figures(tmp_path, 1)
