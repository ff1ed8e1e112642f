"""Recipes: the same after a round trip, and every mistake in one sentence that names file and setting."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pixelwise.errors import OutputError, RecipeError
from pixelwise.models import build_model
from pixelwise.recipe import (
    Augment,
    Model,
    Recipe,
    Scale,
    SemanticTask,
    Train,
    Values,
    parse_recipe,
    parse_setting,
    read_recipe,
    with_settings,
)
from pixelwise.types import Field

CHANGED = Recipe(
    seed=7,
    scale=Scale(size=(192, 256)),
    values=Values(channels=5, dtype="int16", minimum=-1000.0, maximum=0.5, mean=0.4, std=0.3),
    model=Model(encoder="plain-tiny", pretrained=False),
    tasks={"lesion": SemanticTask(cross_entropy=0, dice=2), "skin_2": SemanticTask()},
    augment=Augment(vflip=0.5, rotate=180),
    train=Train(budget_seconds=0.1 + 0.2, precision="bf16-mixed", threads=2, learning_rate=1e-7),
)


@pytest.mark.parametrize("recipe", [Recipe(), CHANGED], ids=["defaults", "changed"])
def test_toml_round_trip(tmp_path: Path, recipe: Recipe) -> None:
    path = tmp_path / "recipe.toml"
    recipe.write(path)
    assert read_recipe(path) == recipe
    assert read_recipe(path).to_toml() == recipe.to_toml() == path.read_text(encoding="utf-8")


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(b"\xef\xbb\xbf[train]\r\nepochs = 3\r\n")  # as an editor on Windows saves it
    assert read_recipe(path) == Recipe(train=Train(epochs=3))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sede = 1", "there is no setting 'sede' (seed is one); remove it or correct its name."),
        ("[train]\nepochs = 1\nlr = 0.1", "there is no setting 'train.lr'; remove it or correct its name."),
        ("[scale]\nsize = 300", "'scale.size' should be a list, such as [224, 320], not 300; correct it."),
        ("[scale]\nsize = [300, 224]", "'scale.size' should be a multiple of 32, not 300; correct it."),
        (
            "[train]\nepoch = 3",
            "there is no setting 'train.epoch' (train.epochs is one); remove it or correct its name.",
        ),
        (
            "[tasks.lesion]\nlogcosh = 1.0",
            "there is no setting 'tasks.lesion.logcosh'; remove it or correct its name.",
        ),
        ("[train]", "'train' is wrong (exactly one of budget_seconds and epochs must be given); correct it."),
        (
            "[train]\nepochs = 1\nbudget_seconds = 9.0",
            "'train' is wrong (exactly one of budget_seconds and epochs must be given); correct it.",
        ),
        (
            "[values]\nminimum = 255.0",
            "'values' is wrong (maximum must be greater than minimum); correct it.",
        ),
        (
            "[tasks.lesion]\ncross_entropy = 0\ndice = 0",
            "'tasks.lesion' is wrong (one of cross_entropy, dice, focal, tversky, lovasz, boundary, "
            "squared_error must be above 0); correct it.",
        ),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "my recipe.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    assert str(caught.value) == f"{path}: {sentence}"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("seed", -1),
        ("seed", 2**31),
        ("seed", "0"),
        ("format", 2),
        ("tasks", {}),
        ("values", 3),
        ("train.epochs", 0),
        ("train.epochs", "3"),
        ("train.epochs", 3.5),
        ("train.epochs", True),
        ("train.batch_size", 0),
        ("train.learning_rate", 0),
        ("train.learning_rate", float("inf")),
        ("train.learning_rate", float("nan")),
        ("train.averaging", 1),
        ("train.precision", "16-mixed"),
        ("train.threads", -1),
        ("scale.size", [225, 224]),
        ("scale.size", [224]),
        ("scale.size", 224),
        ("scale.size", [224, "224"]),
        ("scale.policy", "stretch"),
        ("model.encoder", "resnet50"),
        ("model.pretrained", "yes"),
        ("values.channels", 0),
        ("values.channels", 65),
        ("values.dtype", "float64"),
        ("values.minimum", float("-inf")),
        ("values.maximum", float("nan")),
        ("augment.hflip", 1.5),
        ("augment.hflip", float("nan")),
        ("augment.scale", 0.9),
        ("augment.rotate", float("nan")),
        ("tasks.semantic.border", -1),
        ("tasks.semantic.border_width", 0),
    ],
    ids=lambda value: str(value),
)
def test_wrong_types_and_values_name_the_setting(setting: str, value: Any) -> None:
    values: Any = value
    for part in reversed(setting.split(".")):
        values = {part: values}
    if setting.startswith("train.") and setting != "train.epochs":
        values["train"]["epochs"] = 1
    with pytest.raises(
        RecipeError, match=rf"^here\.toml: '{setting}' (is wrong \(.+\)|should be .+, not .+); correct it\.$"
    ):
        parse_recipe(values, "here.toml")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"seed = ", "is not TOML"),
        (b"seed = 1\nseed = 2", "is not TOML"),
        ("name = 'caf\u00e9'".encode("latin-1"), "is not TOML"),
        (b"\x00\x01\x02", "is not TOML"),
    ],
)
def test_not_toml(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=said) as caught:
        read_recipe(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["absent.toml", "."])
def test_not_a_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecipeError, match=r"cannot be read \(.+\); give the path of a recipe\.toml\.$"):
        read_recipe(tmp_path / name)


@pytest.mark.parametrize(
    ("encoder", "says"),
    [("plain-tiny", False), ("vgg16", False), ("efficientnet-lite1", True), ("timm/x", True)],
)
def test_only_what_has_pretrained_weights_says_so(encoder: str, says: bool) -> None:
    assert Model(encoder=encoder).pretrained is says
    assert Model(encoder=encoder).starts_pretrained is says
    assert not Model(encoder=encoder, pretrained=False).pretrained


def test_frozen_at_every_level() -> None:
    recipe = Recipe()
    for part, name, value in (
        (recipe, "seed", 1),
        (recipe.train, "epochs", 2),
        (recipe.scale, "size", (32, 32)),
        (recipe.tasks["semantic"], "dice", 0.5),
    ):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(part, name, value)


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        Recipe().write(tmp_path / "missing" / "recipe.toml")


@pytest.mark.parametrize("name", ["a.b", "a/b", "", "2nd", "Skin", "ผิวหนัง"])
def test_a_task_s_name_goes_into_names_of_weights_and_files(name: str) -> None:
    with pytest.raises(RecipeError, match="recipe: 'tasks"):
        parse_recipe({"tasks": {name: {"kind": "semantic"}}}, "recipe")


def test_a_task_may_be_called_like_a_part_of_pytorch() -> None:
    recipe = parse_recipe({"tasks": {"train": {}}, "model": {"encoder": "plain-tiny"}}, "recipe")
    network = build_model(recipe.model, {"train": (Field("forward", 1, "none"),)}, pretrained=False)
    assert network.head("train", "forward") is not None


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("train.batch_size=16", "train.batch_size", 16),
        (" model.decoder = fpn ", "model.decoder", "fpn"),
        ('model.decoder="fpn"', "model.decoder", "fpn"),
        ("scale.size=[96, 128]", "scale.size", [96, 128]),
        ("model.pretrained=false", "model.pretrained", False),
        ("train.learning_rate=1e-4", "train.learning_rate", 1e-4),
        ("model.encoder=timm/resnet18", "model.encoder", "timm/resnet18"),
    ],
)
def test_a_setting_as_it_is_written(text: str, name: str, value: object) -> None:
    assert parse_setting(text) == (name, value)


@pytest.mark.parametrize("text", ["", "batch", "=3", "a b=3", "train..x=1", "train.=1"])
def test_what_is_no_setting_is_refused(text: str) -> None:
    with pytest.raises(RecipeError, match=r"write it as name=value"):
        parse_setting(text)


def test_settings_take_the_place_of_others() -> None:
    values = Recipe().model_dump(exclude_none=True)
    changed = with_settings(values, {"train.batch_size": 3, "scale.size": [64, 96], "seed": 4})
    recipe = parse_recipe(changed, "test")
    assert (recipe.train.batch_size, recipe.scale.size, recipe.seed) == (3, (64, 96), 4)
    assert values["train"]["batch_size"] == 8  # and nothing else is touched
    for wrong, says in (
        ({"train.batch": 3}, "there is no setting 'train.batch'"),
        ({"train.batch_size": "many"}, "'train.batch_size' should be a whole number"),
        ({"seed.more": 3}, "there is no setting 'seed.more'"),
        ({"tasks.semantic.dice": 0.0, "tasks.semantic.cross_entropy": 0.0}, "must be above 0"),
    ):
        with pytest.raises(RecipeError, match=says):
            parse_recipe(with_settings(values, wrong), "test")


@pytest.mark.parametrize("encoder", ["plain-tiny", "vgg16", "timm/resnet18"])
def test_only_layers_with_known_weights_stay_as_they_came(encoder: str) -> None:
    values = {"model": {"encoder": encoder, "decoder": "fpn"}, "train": {"epochs": 1, "frozen": 2}}
    with pytest.raises(
        RecipeError, match=r"recipe: .*train\.frozen and train\.thaw above 0 need a pretrained encoder"
    ):
        parse_recipe(values, "recipe")
    values["model"] = {"pretrained": False}
    with pytest.raises(RecipeError, match=r"above 0 need a pretrained encoder"):
        parse_recipe(values, "recipe")
    values["model"] = {"encoder": "efficientnet-lite1"}
    assert parse_recipe(values, "recipe").train.frozen == 2
