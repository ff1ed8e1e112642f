"""The Predictor: sizes, geometry and sources, on untrained networks, whose every pixel is a surprise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.networks import TINY, tiny_predictor

from pixelwise.data.synthetic import draw_lesion
from pixelwise.errors import DataError, ModelFileError
from pixelwise.labels import Labels
from pixelwise.modelfile import Header, write_model
from pixelwise.models import build_model
from pixelwise.prediction import ImageSource, Predictor, load
from pixelwise.recipe import Model, Values
from pixelwise.types import Image, PixelFormat, PixelType

SIZES = [(64, 96), (128, 192), (63, 97), (300, 31), (1, 1), (1, 500), (720, 1280)]


def picture(size: tuple[int, int], seed: int = 0) -> Image:
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (*size, 3), dtype=np.uint8)


def saved(predictor: Predictor, path: Path) -> Path:
    task = predictor.tasks["semantic"]
    header = Header(
        versions={"pixelwise": "0", "torch": "0"},
        fields=predictor.network.fields,
        labels={"semantic": task.labels},
        preprocessing=predictor.preprocessing,
        recipe=TINY,
        settings=predictor.settings,
    )
    write_model(path, header, predictor.network.state_dict())
    return path


@pytest.mark.parametrize("size", SIZES)
def test_results_have_the_image_s_own_size(size: tuple[int, int]) -> None:
    prediction = tiny_predictor().predict(picture(size))
    result = prediction["semantic"]
    assert prediction.size == size == result.label_map.shape
    assert result.probs.shape == (2, *size)
    assert np.isfinite(result.probs).all()
    np.testing.assert_allclose(result.probs.sum(axis=0), 1, atol=1e-5)


def test_a_mirrored_image_gives_the_mirrored_result() -> None:
    predictor, image = tiny_predictor(), draw_lesion(3, (96, 144)).image
    probs = predictor.predict(image)["semantic"].probs
    mirrored = predictor.predict(np.ascontiguousarray(image[:, ::-1]))["semantic"].probs
    assert probs.std() > 0.01
    np.testing.assert_allclose(mirrored[..., ::-1], probs, atol=1e-4)


def test_the_frame_does_not_show_in_the_result() -> None:
    """An image that fills the frame and the same one twice as large agree where both have pixels."""
    predictor = tiny_predictor()
    small = draw_lesion(1, (64, 96)).image
    large = np.asarray(PIL.Image.fromarray(small).resize((192, 128), PIL.Image.Resampling.NEAREST))
    probs, enlarged = (predictor.predict(image)["semantic"].probs[1] for image in (small, large))
    means = enlarged.reshape(64, 2, 96, 2).mean(axis=(1, 3))
    assert np.abs(means - probs).mean() < 0.02


def test_the_same_image_from_every_source(tmp_path: Path) -> None:
    predictor, image = tiny_predictor(), picture((50, 70))
    path = tmp_path / "ภาพ หนึ่ง.png"
    PIL.Image.fromarray(image).save(path)
    wanted = predictor.predict(image)["semantic"].probs
    for source in (path, str(path), PIL.Image.fromarray(image)):
        assert np.array_equal(predictor(source)["semantic"].probs, wanted)


def test_a_transparent_picture_is_seen_alike_from_file_and_memory(tmp_path: Path) -> None:
    predictor, path = tiny_predictor(), tmp_path / "clear.png"
    layers = np.dstack([picture((50, 70)), np.tile(np.array([0, 128], np.uint8), (50, 35))])
    PIL.Image.fromarray(layers).save(path)
    from_memory = predictor(PIL.Image.fromarray(layers))["semantic"].probs
    assert np.array_equal(predictor(path)["semantic"].probs, from_memory)
    with pytest.raises(DataError, match="8 bits"):
        predictor(PIL.Image.fromarray(np.zeros((9, 9), np.uint16)))


def test_an_image_on_its_side_by_exif_is_predicted_upright(tmp_path: Path) -> None:
    predictor, image = tiny_predictor(), picture((50, 70))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # shown turned by 90° clockwise
    path = tmp_path / "phone.png"
    PIL.Image.fromarray(np.ascontiguousarray(np.rot90(image))).save(path, exif=exif)
    assert np.array_equal(predictor(path)["semantic"].probs, predictor(image)["semantic"].probs)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_other_arrays_are_refused(array: Image) -> None:
    with pytest.raises(DataError, match="uint8"):
        tiny_predictor().predict(array)


def deep_predictor(channels: int, dtype: PixelType) -> Predictor:
    return tiny_predictor(values=Values(channels=channels, dtype=dtype, maximum=4000.0))


def test_the_same_deep_image_from_every_source(tmp_path: Path) -> None:
    predictor = deep_predictor(1, "uint16")
    image = picture((50, 70)).astype(np.uint16)[..., :1] * 16
    PIL.Image.fromarray(image[..., 0]).save(tmp_path / "a.png")
    PIL.Image.fromarray(image[..., 0]).save(tmp_path / "a.tif")
    np.save(tmp_path / "a.npy", image)
    wanted = predictor.predict(image)["semantic"].probs
    assert wanted.std() > 0.001
    sources: list[ImageSource] = [tmp_path / f"a.{suffix}" for suffix in ("png", "tif", "npy")]
    for source in [*sources, image[..., 0], image.astype(">u2"), PIL.Image.fromarray(image[..., 0])]:
        assert np.array_equal(predictor(source)["semantic"].probs, wanted)


def test_what_the_image_holds_beyond_the_range_does_not_matter() -> None:
    predictor, image = deep_predictor(5, "float32"), np.random.default_rng(0).normal(2000, 2500, (64, 96, 5))
    probs = predictor(image.astype(np.float32))["semantic"].probs
    held = predictor(np.clip(image, 0, 4000).astype(np.float32))["semantic"].probs
    np.testing.assert_allclose(held, probs, atol=1e-5)


def test_images_of_another_format_are_refused_in_one_sentence(tmp_path: Path) -> None:
    predictor = deep_predictor(1, "uint16")
    PIL.Image.fromarray(picture((9, 9))).save(tmp_path / "a.png")
    with pytest.raises(DataError) as caught:
        predictor(tmp_path / "a.png")
    said = "is RGB of 8 bits, but the model was trained on 1 channel of 16 bits; give images like those"
    assert str(caught.value).startswith(f"{tmp_path / 'a.png'} {said}")
    with pytest.raises(DataError, match=r"the array is uint8 .*; give \(height, width, 1\) uint16\."):
        predictor(picture((9, 9)))
    broken = np.full((9, 9, 5), np.nan, np.float32)
    with pytest.raises(DataError, match="no finite numbers"):
        deep_predictor(5, "float32")(broken)


def test_a_model_of_several_channels_comes_back_from_its_file(tmp_path: Path) -> None:
    predictor = deep_predictor(5, "int16")
    image = np.random.default_rng(0).integers(-99, 5000, (40, 60, 5), dtype=np.int16)
    again = load(saved(predictor, tmp_path / "model.safetensors"), device="cpu")
    assert again.preprocessing.values.pixel_format == PixelFormat(5, "int16")
    assert np.array_equal(again(image)["semantic"].probs, predictor(image)["semantic"].probs)


def test_threshold_decides() -> None:
    predictor, image = tiny_predictor(), picture((64, 96))
    areas = []
    for threshold in (0.0, 0.5, 1.01):
        predictor.settings["semantic"]["threshold"] = threshold
        areas.append(int(predictor(image)["semantic"].label_map.sum()))
    assert areas[0] == 64 * 96
    assert areas[0] >= areas[1] >= areas[2] == 0


def test_several_classes() -> None:
    labels = Labels(classes=("a", "b", "c"), background=None)
    result = tiny_predictor(labels=labels)(picture((40, 60)))["semantic"]
    assert result.probs.shape == (3, 40, 60)
    assert np.array_equal(result.label_map, result.probs.argmax(axis=0))


def test_a_model_file_predicts_to_the_bit_as_before(tmp_path: Path) -> None:
    predictor, image = tiny_predictor(), picture((90, 61))
    again = load(saved(predictor, tmp_path / "model.safetensors"), device="cpu")
    assert again.settings == predictor.settings
    assert np.array_equal(again(image)["semantic"].probs, predictor(image)["semantic"].probs)


def test_fields_that_the_recipe_does_not_name_are_refused(tmp_path: Path) -> None:
    predictor = tiny_predictor()
    predictor.network = tiny_predictor(labels=Labels(classes=("a", "b", "c"), background=None)).network
    with pytest.raises(ModelFileError, match="fields"):
        load(saved(predictor, tmp_path / "model.safetensors"))


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    predictor = tiny_predictor()
    small = Model(encoder="plain-small", pretrained=False)
    predictor.network = build_model(small, predictor.network.fields, pretrained=False)
    with pytest.raises(ModelFileError, match="weights of another network"):
        load(saved(predictor, tmp_path / "model.safetensors"))
