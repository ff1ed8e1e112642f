"""Drawn splits: what belongs together stays together, shares hold, kinds are balanced, seeds decide."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelwise.data.dataset import Dataset
from pixelwise.data.draw import carve_validation, draw_splits, joined
from pixelwise.labels import Labels
from pixelwise.types import Sample, SplitName

NAMES = [f"n{i:02}" for i in range(40)]


def dataset(groups: dict[str, str], group: str | None = "patient", split: SplitName | None = None) -> Dataset:
    """Samples with the value of their group; an empty one is none."""
    samples = tuple(
        Sample(name, Path(f"{name}.png"), {}, {"patient": value} if value else {}, split)
        for name, value in groups.items()
    )
    return Dataset(Path("data"), "paired", samples, Labels(classes=("background", "lesion")), group=group)


def patients(count: int, images: int, split: SplitName | None = None) -> Dataset:
    return dataset({f"p{i}_{j}": f"p{i}" for i in range(count) for j in range(images)}, split=split)


def splits(data: Dataset) -> dict[str, SplitName | None]:
    return {sample.name: sample.split for sample in data.samples}


def test_sets_that_overlap_are_joined() -> None:
    found = joined([{"a", "b"}, {"c"}, {"d", "e"}, ["b", "c"], {"f"}, ("e",), set()])
    assert sorted(map(sorted, found)) == [["a", "b", "c"], ["d", "e"], ["f"]]
    assert joined([]) == []


@given(st.lists(st.sets(st.integers(0, 12), max_size=4), max_size=12))
def test_joined_sets_are_those_that_chains_of_sets_connect(sets: list[set[int]]) -> None:
    found = joined([{str(one) for one in names} for names in sets])
    assert sum(map(len, found)) == len(set[str]().union(*found))  # none overlap
    for names in sets:
        assert not names or any({str(one) for one in names} <= part for part in found)
    # Slowly, by hand: what can be reached from a name by sets that share one.
    for part in found:
        start = min(part)
        reached = {start}
        while (
            more := {str(one) for names in sets for one in names if {str(n) for n in names} & reached}
            - reached
        ):
            reached |= more
        assert reached == part


@given(
    seed=st.integers(0, 2**31),
    groups=st.lists(st.sampled_from(["", "", "a", "b", "c", "d", "e"]), min_size=40, max_size=40),
    together=st.lists(st.sets(st.sampled_from([*NAMES, "elsewhere"]), max_size=4), max_size=6),
    val=st.floats(0.0, 0.4),
    test=st.floats(0.0, 0.4),
)
@settings(max_examples=80, deadline=None)
def test_units_stay_together(
    seed: int, groups: list[str], together: list[set[str]], val: float, test: float
) -> None:
    data = dataset(dict(zip(NAMES, groups, strict=True)))
    drawn = draw_splits(data, seed, val=val, test=test, together=together)
    found = splits(drawn)
    assert set(found.values()) <= {"train", "val", "test"}
    for names in together:
        assert len({found[name] for name in names if name in found}) <= 1
    for value in set(groups) - {""}:
        assert len({found[n] for n, group in zip(NAMES, groups, strict=True) if group == value}) == 1
    assert splits(draw_splits(data, seed, val=val, test=test, together=together)) == found
    backwards = replace(data, samples=data.samples[::-1])
    again = draw_splits(backwards, seed, val=val, test=test, together=[*reversed(together)])
    assert splits(again) == found


@given(st.integers(0, 2**31), st.integers(20, 60), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_shares_hold_to_within_a_unit(seed: int, count: int, images: int) -> None:
    counts = Counter(splits(draw_splits(patients(count, images), seed)).values())
    total = count * images
    for split, share in (("train", 0.65), ("val", 0.15), ("test", 0.2)):
        assert abs(counts[split] - share * total) <= images * 1.5  # type: ignore[index]


def test_seeds_draw_different_patients() -> None:
    drawn = {tuple(splits(draw_splits(patients(10, 3), seed)).values()) for seed in range(20)}
    assert len(drawn) > 10


def test_without_a_group_samples_are_drawn_one_by_one() -> None:
    data = replace(patients(4, 10), group=None)
    drawn = splits(draw_splits(data, 0))
    assert len({drawn[f"p0_{j}"] for j in range(10)}) > 1


@pytest.mark.parametrize("seed", range(5))
def test_kinds_are_balanced(seed: int) -> None:
    """30 small and 30 large objects: 6 of each for testing, 4 or 5 for validation."""
    names = [f"n{i:02}" for i in range(60)]
    kinds = {name: "small" if i % 2 else "large" for i, name in enumerate(names)}
    drawn = draw_splits(dataset(dict.fromkeys(names, ""), group=None), seed, kinds=kinds)
    counts = Counter((kinds[name], split) for name, split in splits(drawn).items())
    for kind in ("small", "large"):
        assert counts[kind, "test"] == 6
        assert counts[kind, "val"] in {4, 5}


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_balanced_by_what_most_in_them_are(seed: int) -> None:
    """Twenty patients of three images, half of them ill: two ill and two healthy ones for testing."""
    data = patients(20, 3)
    samples = tuple(
        replace(
            s, tags=MappingProxyType({**s.tags, "ill": "yes" if int(s.tags["patient"][1:]) < 10 else "no"})
        )
        for s in data.samples
    )
    drawn = draw_splits(replace(data, samples=samples), seed)
    counts = Counter((sample.tags["ill"], sample.split) for sample in drawn.samples)
    for ill in ("yes", "no"):
        assert counts[ill, "test"] == 6
        assert counts[ill, "val"] in {3, 6}


def test_tags_of_many_values_are_not_balanced() -> None:
    """An image's own number would make a kind of each; the drawing has to stay that of the seed."""
    names = [f"n{i:02}" for i in range(60)]
    plain = dataset(dict.fromkeys(names, ""), group=None)
    numbered = replace(
        plain, samples=tuple(replace(s, tags=MappingProxyType({"number": s.name})) for s in plain.samples)
    )
    assert splits(draw_splits(numbered, 3)) == splits(draw_splits(plain, 3))


@given(
    seed=st.integers(0, 2**31),
    groups=st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=12, max_size=12),
    share=st.floats(0.0, 1.0),
    pairs=st.lists(st.sets(st.sampled_from(NAMES[:12]), min_size=2, max_size=2), max_size=4),
)
@settings(max_examples=80, deadline=None)
def test_carving_takes_at_least_one_unit_and_never_all(
    seed: int, groups: list[str], share: float, pairs: list[set[str]]
) -> None:
    data = dataset(dict(zip(NAMES, groups, strict=False)), split="train")
    tested = Sample("tested", Path("tested.png"), {}, {"patient": "z"}, "test")
    data = replace(data, samples=(*data.samples, tested))
    carved = splits(carve_validation(data, seed, share, together=pairs))
    assert carved.pop("tested") == "test"
    by_group = [
        {n for n, group in zip(NAMES, groups, strict=False) if group == value} for value in set(groups) - {""}
    ]
    units = joined([*by_group, *pairs, *({name} for name in NAMES[:12])])
    if len(units) == 1:
        assert set(carved.values()) == {"train"}
    else:
        assert set(carved.values()) == {"train", "val"}
    for unit in units:
        assert len({carved[name] for name in unit}) == 1


@pytest.mark.parametrize("count", [2, 3])
def test_a_few_patients_still_leave_one_for_validation(count: int) -> None:
    carved = carve_validation(patients(count, 10, split="train"), 0)
    assert Counter(splits(carved).values()) == {"train": 10 * (count - 1), "val": 10}
