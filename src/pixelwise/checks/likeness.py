"""Images that are the same or nearly so, and those of one group: where they lie in different splits, scores lie."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from pixelwise.checks.finding import Found
from pixelwise.checks.subject import Likeness, Subject
from pixelwise.data.groups import propose
from pixelwise.types import SPLITS, Sample

SAME_PICTURE = 0.93
"""Agreement of detail above which two images are one picture, rather than a moment apart."""
SAME_MASK = 0.8
"""Dice of the masks of two near-duplicates below which they are not labelled alike."""


def find(subject: Subject) -> Iterator[Found]:
    """Duplicates, near-duplicates and leaks."""
    for pair in subject.likenesses:
        yield from _pair(subject, pair)
    yield from _groups(subject)


def _pair(subject: Subject, pair: Likeness) -> Iterator[Found]:
    files = pair.one.image.file.path, pair.other.image.file.path
    splits = pair.one.sample.split, pair.other.sample.split
    if None not in splits and splits[0] != splits[1]:
        yield "leak", subject.place(*files, detail=f"In {splits[0]} and {splits[1]}: {pair.how}.")
    group = subject.dataset.group
    grouped = group is not None and pair.one.sample.tags.get(group) == pair.other.sample.tags.get(group, "")
    if grouped and not pair.is_copy:  # neighbours in one video are no surprise
        return
    if pair.is_copy:
        yield "duplicate", subject.place(*files)
    else:
        yield "near-duplicate", subject.place(*files, detail=f"They are {pair.how}.")
    agreement = pair.mask_agreement(subject.objects)
    if pair.score > SAME_PICTURE and agreement is not None and agreement < SAME_MASK:
        detail = f"Laid over each other, the masks agree to a Dice of {agreement:.2f}."
        yield "duplicate-masks-differ", subject.place(*files, detail=detail)


def _groups(subject: Subject) -> Iterator[Found]:
    """Groups of which some samples are in one split and some in another; or a pattern of names that shows groups."""
    dataset, group = subject.dataset, subject.dataset.group
    if group is not None:
        known = {sample.name: sample.tags[group] for sample in dataset.samples if group in sample.tags}
        yield from _torn(subject, known, "leak-group", group)
        return
    pattern = propose([sample.name for sample in dataset.samples])
    if pattern is None:
        return
    matches = {sample.name: re.search(pattern, sample.name) for sample in dataset.samples}
    known = {name: match[1] for name, match in matches.items() if match}
    detail = f"{len(set(known.values()))} groups of {len(known)} images by the pattern {pattern}"
    yield "groups-in-names", subject.place(dataset.root, detail=detail)
    yield from _torn(subject, known, "leak-names", f"by the pattern {pattern}")


def _torn(subject: Subject, groups: Mapping[str, str], kind: str, what: str) -> Iterator[Found]:
    members: dict[str, list[Sample]] = defaultdict(list)
    for sample in subject.dataset.samples:
        if sample.name in groups and sample.split is not None:
            members[groups[sample.name]].append(sample)
    for value, samples in sorted(members.items()):
        counts = Counter(sample.split for sample in samples)
        if len(counts) > 1:
            first = {
                split: next(s.image for s in samples if s.split == split) for split in SPLITS if counts[split]
            }
            said = ", ".join(f"{counts[split]} in {split}" for split in SPLITS if counts[split])
            yield (
                kind,
                subject.place(*first.values(), detail=f"'{value}' ({what}): {said}; one of each is named."),
            )
