"""Sets whose masks number objects: what their classes are, and which of them are things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pixelwise.data.dataset import Dataset
from pixelwise.data.idmaps import IdMaps
from pixelwise.data.legend import Hints, Legend, find_legend
from pixelwise.data.masks import MaskCoding
from pixelwise.data.problems import STRICT, Problems
from pixelwise.data.tables import read_table
from pixelwise.errors import DataError
from pixelwise.labels import Labels
from pixelwise.types import IGNORE_INDEX, Sample

KIND = "kind"
THING, STUFF = "thing", "stuff"
OBJECTS = Labels(classes=("background", "object"), things=(1,))
"""Labels where nobody named a class."""

Beside = Mapping[str, Mapping[Path, Path]]
"""Pictures of ``classes`` and ``crowd`` by the image that they belong to."""


def numbered(
    root: Path,
    name: str,
    samples: Sequence[Sample],
    usual: Labels,
    hints: Hints,
    beside: Beside | None = None,
    problems: Problems = STRICT,
) -> Dataset:
    """The data set of samples whose masks number objects.

    Args:
        name: of the layout.
        usual: labels where no legend names them.

    Raises:
        DataError: classes that nobody named, several names where objects are not told by class, or objects whose
            classes are told in other images alone.
    """
    beside = beside or {}
    legend = hints.legend or find_legend(root)
    several = bool(beside.get("classes"))
    if several and legend is None:
        raise DataError(
            f"{root} holds a folder of classes but no legend.csv; name them there: name,value,kind."
        )
    labels = labels_of(legend) if legend else usual
    if not several and len(labels.things) > 1:
        raise DataError(
            f"{root} names {len(labels.things)} classes but its pictures number objects only; put pictures of class "
            "ids into a folder 'classes', or name a background and one class."
        )
    coding = _coding(legend, labels) if legend and several else None
    source = IdMaps(labels, coding, hints.ignored(), crowds=bool(beside.get("crowd")))
    told = [sample for sample in samples if not several or _has_classes(sample, beside, problems)]
    kept = tuple(_numbered(sample, beside) for sample in told)
    return Dataset(root, name, kept, labels, source=source)


def _has_classes(sample: Sample, beside: Beside, problems: Problems) -> bool:
    """Whether the classes of a sample's objects are told, if it has objects; that they are not was noted."""
    if not sample.labels or sample.image in beside["classes"]:
        return True
    folder = min(beside["classes"].values()).parent.name
    message = (
        f"{sample.image} has its objects numbered but no picture of their classes in '{folder}'; add it or move the "
        "image away."
    )
    problems.meet("pair-no-mask", message, sample.image, sample.labels["mask"])
    return False


def _numbered(sample: Sample, beside: Beside) -> Sample:
    if not sample.labels:
        return sample
    others = {kind: paths[sample.image] for kind, paths in beside.items() if sample.image in paths}
    return replace(sample, labels={"instances": sample.labels["mask"], **others})


def labels_of(legend: Legend) -> Labels:
    """The legend's classes, of which those of kind ``thing`` are things; all but the background without that column."""
    kinds = _kinds(legend)
    scored = legend.labels.scored
    things = tuple(i for i in scored if kinds.get(legend.labels.classes[i], THING) == THING)
    if not things:
        raise DataError(f"{legend.path} names no class of things; write 'thing' into its column '{KIND}'.")
    return legend.labels.model_copy(update={"things": things})


def _kinds(legend: Legend) -> dict[str, str]:
    if legend.path.suffix.lower() != ".csv":
        return {}
    table = read_table(legend.path)
    column = table.column(KIND)
    if column is None:
        return {}
    for row in table.rows:
        if row.get(column) not in {THING, STUFF, ""}:
            raise DataError(f"{row.where}: {KIND} '{row.get(column)}' should be {THING} or {STUFF}.")
    return {row.get(table.column("name")): row.get(column) or STUFF for row in table.rows}


def _coding(legend: Legend, labels: Labels) -> MaskCoding:
    coding = legend.coding or MaskCoding({i: i for i in range(labels.num_classes)})
    return replace(coding, ids={IGNORE_INDEX: IGNORE_INDEX, **coding.ids}, either=False)
