"""Near-duplicates: every kind of copy is found and named, other images of the kind are not, whatever the order."""

import io
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.real import RealSet

from pixelwise.data.duplicates import (
    SIDE,
    Match,
    Signature,
    clusters,
    find_near_duplicates,
    signature,
)
from pixelwise.data.images import picture_to_array
from pixelwise.data.synthetic import draw_lesion

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels], Pixels]

SIZE = (144, 192)


@pytest.fixture(scope="module")
def drawings() -> list[Pixels]:
    return [draw_lesion(seed, SIZE).image for seed in range(20)]


@pytest.fixture(scope="module")
def signatures(drawings: list[Pixels]) -> list[Signature]:
    return [signature(drawing) for drawing in drawings]


def noise(seed: int, size: tuple[int, int] = (60, 80)) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def flat(*colour: int, size: tuple[int, int] = (20, 30)) -> Pixels:
    return np.full((*size, 3), colour, np.uint8)


def resized(image: Pixels, height: int, width: int) -> Pixels:
    return picture_to_array(PIL.Image.fromarray(image).resize((width, height), PIL.Image.Resampling.BICUBIC))


def opened(file: Path) -> Pixels:
    with PIL.Image.open(file) as picture:
        return picture_to_array(picture)


def saved(image: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    PIL.Image.fromarray(image).save(file, "JPEG", quality=quality)
    return picture_to_array(PIL.Image.open(file))


def grey(image: Pixels) -> Pixels:
    return picture_to_array(PIL.Image.fromarray(image).convert("L"))


def brighter(image: Pixels) -> Pixels:
    return np.asarray(np.clip(image.astype(np.float32) * 1.15 - 10, 0, 255), np.uint8)


def matched(*images: Pixels) -> list[Match]:
    return find_near_duplicates([signature(np.ascontiguousarray(image)) for image in images])


CHANGES: dict[str, tuple[Change, set[str]]] = {
    "same": (lambda x: x.copy(), {"the same"}),
    "mirrored": (lambda x: x[:, ::-1], {"mirrored"}),
    "upside down": (lambda x: x[::-1], {"mirrored top to bottom"}),
    "90": (lambda x: np.rot90(x), {"rotated by 90°"}),
    "180": (lambda x: np.rot90(x, 2), {"rotated by 180°"}),
    "270": (lambda x: np.rot90(x, 3), {"rotated by 270°"}),
    "mirrored, 90": (lambda x: np.rot90(x[:, ::-1]), {"mirrored and rotated by 90°"}),
    "mirrored, 270": (lambda x: np.rot90(x[:, ::-1], 3), {"mirrored and rotated by 270°"}),
    "cut": (lambda x: x[20:, 10:170], {"cropped"}),
    "cut to a corner": (lambda x: x[:116, :154], {"cropped"}),
    "cut, mirrored": (lambda x: x[5:125, 30:][:, ::-1], {"mirrored, cropped"}),
    "smaller": (lambda x: resized(x, 90, 120), {"resized"}),
    "larger": (lambda x: resized(x, 288, 385), {"resized"}),
    "cut, smaller": (lambda x: resized(x[10:134, 20:], 93, 129), {"cropped, resized"}),
    "saved": (lambda x: saved(x, 30), {"the same", "alike"}),
    "mirrored, saved": (lambda x: saved(x[:, ::-1], 30), {"mirrored"}),
    "grey": (grey, {"the same", "alike"}),
    "brighter": (brighter, {"the same", "alike"}),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_copies_are_found_and_named(drawings: list[Pixels], signatures: list[Signature], kind: str) -> None:
    change, words = CHANGES[kind]
    chosen = range(0, len(drawings), 3)
    copies = [signature(np.ascontiguousarray(change(drawings[place]))) for place in chosen]
    found = find_near_duplicates([*signatures, *copies])
    expected = {(place, len(drawings) + number) for number, place in enumerate(chosen)}
    assert {(match.first, match.second) for match in found} == expected  # none of the others
    assert {match.how for match in found} <= words
    assert all(0.5 < match.score <= 1 for match in found)


def test_drawings_of_one_kind_are_no_duplicates(signatures: list[Signature]) -> None:
    assert find_near_duplicates(signatures) == []


def test_equal_pixels_score_one(drawings: list[Pixels]) -> None:
    assert matched(drawings[0], drawings[1], drawings[0]) == [Match(0, 2, 1.0, "the same")]


@pytest.mark.parametrize("turns", [1, 3])
def test_a_turn_leads_from_the_first_to_the_second(drawings: list[Pixels], turns: int) -> None:
    turned = np.rot90(drawings[3], turns)
    assert [match.how for match in matched(drawings[3], turned)] == [f"rotated by {90 * turns}°"]
    assert [match.how for match in matched(turned, drawings[3])] == [f"rotated by {360 - 90 * turns}°"]


@settings(deadline=None, max_examples=3)
@given(order=st.permutations(range(14)))
def test_the_order_of_images_does_not_matter(order: list[int]) -> None:
    found = find_near_duplicates([_ORDERED[place] for place in order])
    back = {(*sorted((order[match.first], order[match.second])), match.score) for match in found}
    assert back == {(match.first, match.second, match.score) for match in find_near_duplicates(_ORDERED)}
    assert [(match.first, match.second) for match in found] == sorted(
        (match.first, match.second) for match in found
    )


def _with_copies() -> list[Signature]:
    images = [draw_lesion(seed, SIZE).image for seed in range(8)]
    images += [images[0][:, ::-1], images[1][10:, 8:], np.rot90(images[2]), saved(images[3], 40)]
    images += [flat(9, 9, 9), flat(9, 9, 9, size=(5, 5))]
    return [signature(np.ascontiguousarray(image)) for image in images]


_ORDERED = _with_copies()


def test_a_group_is_found_whole(drawings: list[Pixels]) -> None:
    copies = [np.rot90(drawings[0], turns) for turns in range(4)]
    found = matched(*copies, drawings[1], drawings[2], drawings[2][:, ::-1])
    assert clusters(found, 7) == [(0, 1, 2, 3), (5, 6)]


@pytest.mark.parametrize("size", [(60, 80), (300, 200), (13, 12), (7, 5), (1, 9)])
def test_noise_is_not_matched(size: tuple[int, int]) -> None:
    assert matched(*(noise(seed, size) for seed in range(20))) == []


def test_copies_of_noise_are_found() -> None:
    images = [noise(seed) for seed in range(5)]
    found = matched(*images, *(image[:, ::-1] for image in images))
    assert [(match.first, match.second, match.how) for match in found] == [
        (k, k + 5, "mirrored") for k in range(5)
    ]


def test_flat_images_match_by_colour_alone() -> None:
    red, green_as_bright = flat(100, 0, 0), flat(0, 51, 0)
    found = matched(flat(0, 0, 0), red, green_as_bright, flat(1, 0, 1, size=(50, 9)), flat(100, 0, 0))
    assert [(match.first, match.second) for match in found] == [(0, 3), (1, 4)]


def test_a_flat_image_matches_no_picture(drawings: list[Pixels]) -> None:
    mean = drawings[0].mean((0, 1)).astype(np.uint8)
    assert matched(drawings[0], flat(*mean.tolist())) == []


def test_a_shared_frame_is_not_enough(drawings: list[Pixels]) -> None:
    framed = []
    for drawing in drawings[:8]:
        image = drawing.copy()
        y, x = np.indices(SIZE)
        image[np.hypot((y - 71.5) / 72, (x - 95.5) / 96) > 1.05] = 0  # a round lens
        image[-12:-4, 4:188:6] = 20  # and a ruler
        framed.append(image)
    assert matched(*framed) == []
    assert [match.how for match in matched(*framed, framed[4][:, ::-1].copy())] == ["mirrored"]


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (2, 3), (1200, 1)])
def test_any_size_has_a_signature(size: tuple[int, int]) -> None:
    image = noise(1, size)
    found = signature(image)
    assert found.size.tolist() == list(size)
    assert matched(image, image) == [Match(0, 1, 1.0, "the same")]
    matched(image, flat(7, 7, 7), noise(2), noise(3, size))  # whatever it finds, it does not fail


def test_a_signature_is_a_few_small_arrays(drawings: list[Pixels]) -> None:
    found = signature(drawings[0])
    arrays = {field.name: getattr(found, field.name) for field in fields(found)}
    file = io.BytesIO()
    np.savez(file, **arrays)
    assert len(file.getvalue()) < 50_000
    again = Signature(**np.load(io.BytesIO(file.getvalue()), allow_pickle=False))
    assert {name: (array.shape, array.dtype.name) for name, array in arrays.items()} == {
        "grey": ((SIDE, SIDE), "float16"),
        "colour": ((3,), "float32"),
        "size": ((2,), "int64"),
        "digest": ((16,), "uint8"),
    }
    assert find_near_duplicates([again, found]) == [Match(0, 1, 1.0, "the same")]


def test_a_signature_leaves_the_image_alone_and_takes_views(drawings: list[Pixels]) -> None:
    before = drawings[0].copy()
    one, other = signature(drawings[0][::-1]), signature(drawings[0][::-1].copy())
    np.testing.assert_array_equal(drawings[0], before)
    np.testing.assert_array_equal(one.grey, other.grey)
    np.testing.assert_array_equal(one.digest, other.digest)


def test_the_same_bytes_in_another_shape_are_not_the_same() -> None:
    image = noise(0, (30, 40))
    assert signature(image).digest.tolist() != signature(image.reshape(40, 30, 3)).digest.tolist()


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_image_is_refused(image: Pixels) -> None:
    with pytest.raises(ValueError, match="an image is"):
        signature(image)


def test_few_images() -> None:
    assert find_near_duplicates([]) == []
    assert matched(noise(0)) == []
    assert clusters([], 3) == []


def test_clusters_follow_chains() -> None:
    pairs = [(4, 5), (0, 2), (2, 7), (1, 7)]
    matches = [Match(first, second, 0.9, "alike") for first, second in pairs]
    assert clusters(matches, 9) == [(0, 1, 2, 7), (4, 5)]
    assert clusters(matches[::-1], 9) == [(0, 1, 2, 7), (4, 5)]


def test_threads_of_pytorch_are_given_back(signatures: list[Signature]) -> None:
    before = torch.get_num_threads()
    find_near_duplicates(signatures)
    assert torch.get_num_threads() == before


@pytest.mark.slow
def test_lesions_are_told_apart_and_their_copies_are_not(ph2: Path) -> None:
    files = sorted(ph2.glob("PH2Dataset/PH2 Dataset images/*/*_Dermoscopic_Image/*"))[:60]
    images = [opened(file) for file in files]
    originals = [signature(image) for image in images]
    assert find_near_duplicates(originals) == []
    copies = [signature(_copied(image, number)) for number, image in enumerate(images[::3])]
    found = find_near_duplicates([*originals, *copies])
    expected = {(3 * number, len(images) + number) for number in range(len(copies))}
    pairs = {(match.first, match.second) for match in found}
    assert pairs <= expected
    assert len(pairs) >= 0.95 * len(expected)


def _copied(image: Pixels, number: int) -> Pixels:
    height, width = image.shape[:2]
    part = image[number * height // 100 :, : width - number * width // 120]
    kinds = [part, part[:, ::-1], saved(image[::-1], 30), resized(part, height // 3, width // 3)]
    return np.ascontiguousarray(kinds[number % len(kinds)])


@pytest.mark.slow
def test_neighbouring_frames_are_found(real_set: RealSet) -> None:
    folder = real_set("camvid")
    near = sorted(folder.glob("val/0016E5_*.jpg"))[40:60]  # every second frame at 30 a second
    far = sorted(folder.glob("train/0001TP_*.jpg"))[:40:4]
    found = find_near_duplicates([signature(opened(file)) for file in [*near, *far]])
    pairs = {(match.first, match.second) for match in found}
    neighbours = {(k, k + 1) for k in range(19)}
    assert len(neighbours & pairs) >= 18
    assert not {pair for pair in pairs if (pair[0] < 20) != (pair[1] < 20)}
