"""The model file: what it keeps, and what is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from pixelwise.errors import ModelFileError
from pixelwise.labels import Labels
from pixelwise.modelfile import FORMAT, KEY, Header, read_model, write_model
from pixelwise.recipe import Recipe, Scale
from pixelwise.types import Field

WEIGHTS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.steps": torch.tensor(7), "none": torch.zeros(0, 3)}
FIELD = Field("classes", 4, "softmax", vectors=((0, 1), (2, 3)), in_pixels=True, hflip=(2, 3, 0, 1))
HEADER = Header(
    versions={"pixelwise": "0.1.0", "torch": "2"},
    fields={"semantic": (FIELD,)},
    labels={"semantic": Labels(classes=("พื้นหลัง", "lesion"))},
    preprocessing=Recipe(scale=Scale(size=(64, 96))).preprocessing,
    recipe=Recipe(seed=5),
    settings={"semantic": {"threshold": 0.41}},
    scores={"split": "test", "dice": {"mean": 0.9}},
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    write_model(path, HEADER, WEIGHTS)
    return path


def rewritten(path: Path, weights: dict[str, Tensor] | None = None, **header: object) -> Path:
    """The same file with entries of its header changed."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as stored:
        values = json.loads(stored.metadata()[KEY]) | header
    save_file(load_file(path) if weights is None else weights, path, metadata={KEY: json.dumps(values)})
    return path


def test_everything_comes_back(model: Path) -> None:
    stored = read_model(model)
    assert stored.header.model_dump(exclude={"sha256"}) == HEADER.model_dump(exclude={"sha256"})
    assert stored.header.fields["semantic"] == (FIELD,)
    assert stored.weights.keys() == WEIGHTS.keys()
    assert all(torch.equal(stored.weights[name], WEIGHTS[name]) for name in WEIGHTS)


def test_classes_without_background_stay_so(tmp_path: Path) -> None:
    labels = {"semantic": Labels(classes=("sky", "road"), background=None)}
    write_model(tmp_path / "m.safetensors", HEADER.model_copy(update={"labels": labels}), WEIGHTS)
    assert read_model(tmp_path / "m.safetensors").header.labels == labels


def test_the_folder_of_a_run_will_do(model: Path) -> None:
    assert read_model(model.parent).header == read_model(model).header


def test_same_content_same_bytes(model: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.safetensors"
    write_model(again, HEADER, dict(reversed(WEIGHTS.items())))
    assert again.read_bytes() == model.read_bytes()


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 100, -1])
def test_cut_short(model: Path, kept: int) -> None:
    model.write_bytes(model.read_bytes()[:kept])
    with pytest.raises(ModelFileError, match="cut short") as caught:
        read_model(model)
    assert str(model) in str(caught.value)


def test_a_changed_weight_is_damage(model: Path) -> None:
    content = bytearray(model.read_bytes())
    content[-20] ^= 1
    model.write_bytes(content)
    with pytest.raises(ModelFileError, match="damaged"):
        read_model(model)


def test_a_changed_setting_is_damage(model: Path) -> None:
    with pytest.raises(ModelFileError, match="damaged"):
        read_model(rewritten(model, settings={"semantic": {"threshold": 0.14}}))


def test_a_renamed_or_missing_weight_is_damage(model: Path) -> None:
    with pytest.raises(ModelFileError, match="damaged"):
        read_model(rewritten(model, {name: tensor for name, tensor in WEIGHTS.items() if name != "none"}))


def test_of_another_kind(tmp_path: Path) -> None:
    foreign, pickled = tmp_path / "foreign.safetensors", tmp_path / "model.pt"
    save_file({"weight": torch.zeros(2)}, foreign)
    with pytest.raises(ModelFileError, match="not written by pixelwise"):
        read_model(foreign)
    torch.save({"weight": torch.zeros(2)}, pickled)
    with pytest.raises(ModelFileError, match="no model file"):
        read_model(pickled)


def test_from_a_newer_version(model: Path) -> None:
    newer = rewritten(model, format=FORMAT + 1, versions={"pixelwise": "9.9"}, unheard_of=1)
    with pytest.raises(ModelFileError, match=r"pixelwise 9\.9, newer than this one; upgrade"):
        read_model(newer)


@pytest.mark.parametrize(
    "header",
    [{"format": "x"}, {"fields": 3}, {"surprise": 1}, {"labels": {"semantic": {}}}, {"settings": {}}],
)
def test_a_header_that_makes_no_sense(model: Path, header: dict[str, Any]) -> None:
    with pytest.raises(ModelFileError, match="header"):
        read_model(rewritten(model, **header))


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="does not exist"):
        read_model(tmp_path / "no.safetensors")
    with pytest.raises(ModelFileError, match="does not exist"):
        read_model(tmp_path)


def test_a_failed_write_keeps_the_old_file(model: Path) -> None:
    before = model.read_bytes()
    with pytest.raises(RuntimeError, match="share memory"):
        write_model(model, HEADER, {"a": (shared := torch.zeros(4)), "b": shared[:2]})
    assert model.read_bytes() == before
    assert [path.name for path in model.parent.iterdir()] == [model.name]
