"""Several models as one: the mean of their probabilities, and one file that older versions refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from tests.networks import TINY, tiny_predictor

from pixelwise import modelfile
from pixelwise.errors import ModelFileError
from pixelwise.labels import Labels
from pixelwise.modelfile import ENSEMBLE, KEY, Header, Member, joined_weights, read_model, write_model
from pixelwise.prediction import Ensemble, Predictor, load, mean_settings
from pixelwise.prediction.ensemble import expected_score
from pixelwise.types import Image


def picture(seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (70, 101, 3), dtype=np.uint8)


def members(labels: Labels = Labels(classes=("background", "lesion"))) -> list[Predictor]:  # noqa: B008
    found = [tiny_predictor(seed=seed, labels=labels) for seed in range(3)]
    for number, one in enumerate(found):
        if labels.is_binary:
            one.settings["semantic"]["threshold"] = 0.3 + 0.2 * number
    return found


def header(ensemble: Ensemble, **changed: object) -> Header:
    values: dict[str, object] = {
        "format": ENSEMBLE,
        "versions": {"pixelwise": "0", "torch": "0"},
        "fields": ensemble.network.fields,
        "labels": {"semantic": ensemble.tasks["semantic"].labels},
        "preprocessing": ensemble.preprocessing,
        "recipe": TINY,
        "settings": ensemble.settings,
        "members": tuple(Member(settings=member.settings) for member in ensemble.members),
    }
    return Header.model_validate(values | changed)


def written(ensemble: Ensemble, path: Path) -> Path:
    weights = [member.network.state_dict() for member in ensemble.members]
    write_model(path, header(ensemble), joined_weights(weights))
    return path


@pytest.mark.parametrize("classes", [("background", "lesion"), ("a", "b", "c")])
def test_fields_are_the_mean_of_the_members(classes: tuple[str, ...]) -> None:
    several = members(Labels(classes=classes))
    ensemble = Ensemble(several, mean_settings(several))
    image = picture()
    each = [member.field_values(image)["semantic"]["classes"].astype(np.float64) for member in several]
    assert np.abs(each[0] - each[1]).max() > 0.01  # they do differ
    found = ensemble.field_values(image)["semantic"]["classes"]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.mean(each, axis=0), atol=1e-6)
    result = ensemble.predict(image)["semantic"]
    np.testing.assert_allclose(result.probs.sum(axis=0), 1, atol=1e-5)


def test_its_threshold_is_the_mean_of_theirs_and_decides() -> None:
    several = members()
    ensemble = Ensemble(several, mean_settings(several))
    assert ensemble.settings == {"semantic": {"threshold": pytest.approx(0.5)}}
    result = ensemble.predict(picture())["semantic"]
    assert ((result.probs[1] >= ensemble.settings["semantic"]["threshold"]) == result.label_map).all()


def test_one_file_holds_them_all(tmp_path: Path) -> None:
    ensemble = Ensemble(members(), {"semantic": {"threshold": 0.45}})
    again = load(written(ensemble, tmp_path / "model.safetensors"))
    assert isinstance(again, Ensemble)
    assert again.settings == ensemble.settings
    assert [one.settings for one in again.members] == [one.settings for one in ensemble.members]
    one, other = (each.predict(picture(1))["semantic"].probs for each in (ensemble, again))
    assert (one == other).all()


def test_a_version_that_knows_of_one_model_alone_refuses_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = members()
    path = written(Ensemble(several, mean_settings(several)), tmp_path / "model.safetensors")
    monkeypatch.setattr(modelfile, "FORMAT", 1)
    with pytest.raises(ModelFileError, match=r"newer than this one; upgrade pixelwise\.$"):
        read_model(path)


def test_a_file_of_one_model_is_as_before(tmp_path: Path) -> None:
    one = tiny_predictor()
    ensemble = Ensemble([one], one.settings)
    path = tmp_path / "model.safetensors"
    write_model(path, header(ensemble, format=1, members=None), one.network.state_dict())
    with safe_open(path, framework="pt") as stored:
        values = json.loads(stored.metadata()[KEY])
    assert values["format"] == 1
    assert not {"members", "folds"} & (values.keys() | values["recipe"]["train"].keys())


@pytest.mark.parametrize("changed", [{"format": 1}, {"members": None}, {"members": ()}])
def test_a_header_is_of_one_model_or_of_several(changed: dict[str, object]) -> None:
    several = members()
    with pytest.raises(ValueError, match="several models"):
        header(Ensemble(several, mean_settings(several)), **changed)


@pytest.mark.parametrize(
    ("scores", "mean"),
    [
        ([0.9, 0.8], 0.85),
        ([0.9, float("nan")], 0.45),
        ([float("nan")] * 2, float("nan")),
        ([0.9, None], None),
    ],
)
def test_a_member_that_finds_nothing_expects_nothing_unless_all_do(
    scores: list[float | None], mean: float | None
) -> None:
    assert expected_score(scores) == pytest.approx(mean, nan_ok=True)
