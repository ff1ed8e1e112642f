"""Images that are unlike those of training."""

from __future__ import annotations

import numpy as np
import pytest

from pixelwise.confidence import Usual, fit_unlike


def test_a_distance_by_hand() -> None:
    references = np.array([[2, 0], [-2, 0], [0, 1], [0, -1]], np.float32)
    # Variances are 2 and 0.5, the sphere's is 1.25: 0.9 parts of them and 0.1 of it.
    wanted = [3 / np.sqrt(1.8 + 0.125), 1 / np.sqrt(0.45 + 0.125), 0]
    found = Usual.of(references).distances(np.array([[3, 0], [0, 1], [0, 0]], np.float32))
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_fewer_images_than_features_and_images_that_are_all_the_same_have_distances() -> None:
    generator = np.random.default_rng(0)
    few = generator.normal(size=(5, 40)).astype(np.float32)
    assert np.isfinite(Usual.of(few).distances(few)).all()
    same = np.ones((5, 40), np.float32)
    assert Usual.of(same).distances(same + 1)[0] > 1e3


def test_planted_strangers_are_flagged_and_few_others() -> None:
    generator = np.random.default_rng(0)
    centre = generator.random(64) + 0.5

    def drawn(count: int, shift: float = 0.0) -> np.ndarray:
        moved = centre * np.where(np.arange(64) < 8, 1 + shift, 1)
        return (moved + generator.normal(0, 0.1, (count, 64))).astype(np.float32)

    references = drawn(80)
    usual = Usual.of(references)
    limit = fit_unlike(usual.distances(drawn(40)))
    assert limit is not None
    assert limit.false_alarms <= 0.05
    assert (usual.distances(drawn(2000)) > limit.limit).mean() < 0.12
    assert (usual.distances(drawn(200, shift=1.0)) > limit.limit).all()


def test_false_alarms_are_as_rare_as_said() -> None:
    """On average over draws of validation images, a new one is flagged as often as is said."""
    generator = np.random.default_rng(1)
    for count, said in ((19, 0.05), (20, 1 / 21), (99, 0.05), (7, 1 / 8)):
        flagged = []
        for _ in range(4000):
            model = fit_unlike(generator.random(count))
            assert model is not None
            assert model.false_alarms == pytest.approx(said)
            flagged.append(generator.random() > model.limit)
        assert np.mean(flagged) == pytest.approx(said, abs=0.015)


def test_of_nothing_there_is_no_limit() -> None:
    assert fit_unlike(np.array([])) is None
