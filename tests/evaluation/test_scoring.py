"""Scores of a Predictor: counted at each image's own size, grouped by tag, with intervals."""

from __future__ import annotations

import json
import math
import re
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import PIL.Image
import pytest
from tests.networks import tiny_predictor
from tests.tasks.panoptic.cells import discs
from tests.tasks.panoptic.cells import fields as fields_of
from tests.tasks.panoptic.cells import task as task_of

from pixelwise.data.dataset import Dataset
from pixelwise.data.synthetic import write_lesions
from pixelwise.errors import DataError
from pixelwise.evaluation import Metrics, Scored, evaluate, labelled_like, read_metrics
from pixelwise.evaluation.intervals import interval, quantile_interval, resamples
from pixelwise.evaluation.scoring import DRAWS
from pixelwise.labels import Labels
from pixelwise.metrics import METRICS, AveragePrecision, Ratio
from pixelwise.prediction import Prediction
from pixelwise.report.objects import BY_CLASS, objects_part
from pixelwise.report.templates import span_text
from pixelwise.tasks import PanopticTask
from pixelwise.types import INSTANCES, Image, Json, Label, PixelFormat, Pixels
from pixelwise.workflows.data import open_data


@pytest.fixture(scope="module")
def lesions(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_data(write_lesions(tmp_path_factory.mktemp("data"), 12, seed=4, size=(96, 128)))


@pytest.fixture(scope="module")
def metrics(lesions: Dataset) -> Metrics:
    return evaluate(tiny_predictor(), lesions, "all", notes=["a note"])


def test_every_image_is_scored_as_the_predictor_predicts_it(lesions: Dataset, metrics: Metrics) -> None:
    predictor = tiny_predictor()
    assert [row.name for row in metrics.images] == [sample.name for sample in lesions.samples]
    for sample, row in zip(lesions.samples, metrics.images, strict=True):
        image, label = lesions.read(sample)
        truth = label.class_map
        predicted = predictor(image)["semantic"].label_map
        both, either = ((truth & predicted) > 0).sum(), (truth > 0).sum() + (predicted > 0).sum()
        assert row.size == image.shape[:2]
        assert row.scores["dice"] == pytest.approx(2 * both / either)
        assert row.image == f"images/{sample.name}.png"


def test_headline_numbers_follow_from_the_rows(metrics: Metrics) -> None:
    values = np.array([row.scores["dice"] for row in metrics.images])
    overlap = np.sum([row.counts["semantic"]["overlap"] for row in metrics.images], axis=0)
    dice = metrics.scores["dice"]
    assert dice.mean == pytest.approx(values.mean())
    assert dice.median == pytest.approx(np.median(values))
    assert dice.p5 == pytest.approx(np.percentile(values, 5))
    assert dice.worst == values.min()
    assert dice.pooled == pytest.approx(
        2 * overlap[1, 1] / (2 * overlap[1, 1] + overlap[0, 1] + overlap[1, 0])
    )
    assert dice.ci95[0] <= dice.mean <= dice.ci95[1]
    assert dice.pooled_ci95[0] <= dice.pooled <= dice.pooled_ci95[1]


def test_tags_partition_the_images(metrics: Metrics) -> None:
    groups = metrics.tags["lesion"]
    assert sum(group.n_images for group in groups.values()) == metrics.n_images == 12
    for value, group in groups.items():
        theirs = [row.scores["iou"] for row in metrics.images if row.tags["lesion"] == value]
        assert group.scores["iou"].mean == pytest.approx(np.mean(theirs))


def test_the_file_comes_back_and_fits_its_schema(metrics: Metrics, tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    metrics.write(path)
    assert read_metrics(path).to_json() == metrics.to_json()
    values = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(values, Metrics.model_json_schema(by_alias=True, mode="serialization"))
    assert values["schema"] == "pixelwise.metrics/1"
    # What other programs may count on:
    assert values["scores"]["dice"]["mean"] == metrics.scores["dice"].mean
    assert len(values["scores"]["dice"]["ci95"]) == 2
    assert {"pooled"} <= values["scores"]["dice"].keys()
    assert values["scores"]["iou"]["mean"] == metrics.scores["iou"].mean
    assert values["n_images"] == len(values["images"]) == 12


def test_every_key_is_documented(metrics: Metrics) -> None:
    text = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    values = json.loads(metrics.to_json())
    [lesion] = values["classes"]["semantic"]
    keys = values.keys() | values["scores"]["dice"].keys() | values["images"][0].keys() | lesion.keys()
    keys |= (
        values["scores"].keys()
        | values["images"][0]["counts"]["semantic"]["surface"].keys()
        | {name for name, metric in METRICS.items() if not (metric.of_people or metric.of_objects)}
    )  # those stand in pose.md and instances.md
    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []


def test_settings_beside_out_of_fold_scores_are_told_for_what_they_are() -> None:
    text = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    [row] = [line for line in text.splitlines() if line.startswith("| `settings` |")]
    for said in (row, Metrics.model_fields["settings"].description or ""):
        assert "all models as one" in said
        assert "each image was scored by the settings of its own model" in said


def test_images_that_belong_together_are_resampled_together(lesions: Dataset, metrics: Metrics) -> None:
    samples = tuple(
        replace(one, tags={**one.tags, "patient": f"p{at // 4}"}) for at, one in enumerate(lesions.samples)
    )
    found = evaluate(tiny_predictor(), replace(lesions, samples=samples, group="patient"), "all")
    [said] = found.notes
    assert said.startswith("The 12 images are of 3 values of “patient”, and 95% intervals resample these")
    assert said.endswith("Of so few they are themselves unsure.")
    assert found.group == "patient"
    assert found.units.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert Metrics.model_validate_json(found.to_json()).group == "patient"
    values = np.array([row.scores["dice"] for row in found.images]).reshape(3, 4).mean(axis=1)
    means = Ratio.of(values[:, None], np.ones((3, 1)))
    assert found.scores["dice"].ci95 == pytest.approx(interval(means, resamples(3)))
    assert found.scores["dice"].value == metrics.scores["dice"].value
    assert all(math.isnan(end) for end in found.tags["patient"]["p1"].scores["dice"].ci95)
    apart = tuple(replace(one, tags={"patient": one.name}) for one in lesions.samples)
    alone = evaluate(tiny_predictor(), replace(lesions, samples=apart, group="patient"), "all")
    assert (alone.notes, alone.group) == ((), None)
    assert "group" not in json.loads(alone.to_json())


def test_median_and_bad_end_have_intervals_over_images(metrics: Metrics) -> None:
    for name, score in metrics.scores.items():
        values = np.array([row.scores[name] for row in metrics.images])
        highest = METRICS[name].highest
        assert score.median_ci95 == pytest.approx(quantile_interval(values, 0.5, highest))
        assert score.p5_ci95 == pytest.approx(quantile_interval(values, 0.05, highest))
        assert score.p95_ci95 == pytest.approx(quantile_interval(values, 0.95, highest), nan_ok=True)
        assert score.bad_end_ci95 == (score.p95_ci95 if score.lower_is_better else score.p5_ci95)


def test_undefined_numbers_are_null_in_the_file(metrics: Metrics, tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    score = metrics.scores["dice"].model_copy(update={"mean": math.nan, "ci95": (math.nan, math.nan)})
    metrics.model_copy(update={"scores": {"dice": score}}).write(path)
    assert json.loads(path.read_text())["scores"]["dice"]["ci95"] == [None, None]
    assert math.isnan(read_metrics(path).scores["dice"].mean)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"schema": "other"}')
    with pytest.raises(DataError, match=r"m\.json is not a metrics\.json"):
        read_metrics(tmp_path / "m.json")


def test_other_classes_are_refused(lesions: Dataset) -> None:
    predictor = tiny_predictor(labels=Labels(classes=("a", "b", "c"), background=None))
    with pytest.raises(DataError, match="2 classes but the model knows 3"):
        evaluate(predictor, replace(lesions, inferred=False), "all")
    five = Labels(classes=("a", "b", "c", "d", "e"), background=None)
    with pytest.raises(DataError, match="5 classes but the model knows 3"):
        evaluate(predictor, replace(lesions, labels=five), "all")


def test_a_pair_is_scored_by_ids_alone(tmp_path: Path) -> None:
    """Of a model of three classes, masks of 0 and 1 may lack the third; 255 is no class of it."""
    predictor = tiny_predictor(labels=Labels(classes=("a", "b", "c"), background=None))
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    ids = (np.arange(1024).reshape(32, 32) % 2).astype(np.uint8)
    PIL.Image.fromarray(np.stack([ids * 90] * 3, axis=-1)).save(tmp_path / "images" / "a.png")
    PIL.Image.fromarray(ids).save(tmp_path / "masks" / "a.png")
    supports = [one.support for one in evaluate(predictor, open_data(tmp_path), "all").classes["semantic"]]
    assert supports == [512, 512, 0]
    PIL.Image.fromarray(ids * np.uint8(255)).save(tmp_path / "masks" / "a.png")
    with pytest.raises(DataError, match="2 classes but the model knows 3"):
        evaluate(predictor, open_data(tmp_path), "all")


def test_classes_that_do_not_occur_in_the_masks_are_no_hindrance(tmp_path: Path) -> None:
    for folder, picture in (
        ("images", np.zeros((32, 32, 3))),
        ("masks", np.arange(1024).reshape(32, 32) % 3),
    ):
        (tmp_path / folder).mkdir()
        PIL.Image.fromarray(picture.astype(np.uint8)).save(tmp_path / folder / "a.png")
    predictor = tiny_predictor(labels=Labels(classes=("a", "b", "c", "d"), background=None))
    assert [one.support for one in evaluate(predictor, open_data(tmp_path), "all").classes["semantic"]][
        3
    ] == 0


def test_pixels_are_let_go_image_by_image(lesions: Dataset) -> None:
    alive: list[weakref.ref[object]] = []

    def on_image(scored: Scored) -> None:
        assert sum(one() is not None for one in alive) <= 1  # the one before may still be in the loop's hands
        alive.append(weakref.ref(scored.image))

    evaluate(tiny_predictor(), lesions, "all", on_image=on_image)
    assert len(alive) == 12


def test_a_tag_of_many_values_stays_with_the_images(lesions: Dataset) -> None:
    tagged = replace(
        lesions, samples=tuple(replace(s, tags={"patient": s.name}) for s in lesions.samples * 2)
    )
    metrics = evaluate(tiny_predictor(), tagged, "all")
    assert "patient" in metrics.tags  # twelve values
    many = tuple(replace(s, tags={"patient": str(i)}) for i, s in enumerate(lesions.samples * 2))
    metrics = evaluate(tiny_predictor(), replace(lesions, samples=many), "all")
    assert metrics.tags == {}
    assert metrics.images[3].tags == {"patient": "3"}


def test_an_empty_split_is_refused(lesions: Dataset) -> None:
    with pytest.raises(DataError, match="no images in the split 'val'"):
        evaluate(tiny_predictor(), lesions.where(lambda sample: False), "val")


def test_distances_have_a_unit_and_their_bad_end_is_the_high_one(metrics: Metrics) -> None:
    values = np.array([row.scores["hd95"] for row in metrics.images])
    hd95 = metrics.scores["hd95"]
    assert (hd95.unit, hd95.lower_is_better) == ("px", True)
    assert hd95.worst == np.nanmax(values)
    assert hd95.bad_end == hd95.p95 == pytest.approx(np.nanpercentile(values, 95))
    assert math.isnan(hd95.pooled)
    assert hd95.n_undefined == np.isnan(values).sum()
    dice = metrics.scores["dice"]
    assert (dice.unit, dice.lower_is_better, dice.bad_end) == ("", False, dice.p5)
    assert "hd95_mm" not in metrics.scores


def test_every_metric_is_scored_for_images_classes_and_tags(metrics: Metrics) -> None:
    wanted = {
        name
        for name, metric in METRICS.items()
        if not (metric.unit == "mm" or metric.of_people or metric.of_objects)
    }
    [lesion] = metrics.classes["semantic"]
    assert metrics.scores.keys() == lesion.over_images.keys() == wanted
    assert all(group.scores.keys() == wanted for group in metrics.tags["lesion"].values())
    assert all(row.scores.keys() == wanted for row in metrics.images)
    assert lesion.scores.keys() == {name for name in wanted if METRICS[name].pooled}
    assert lesion.over_images["assd"] == metrics.scores["assd"]  # there is one class


def test_every_score_of_a_class_has_its_interval(metrics: Metrics) -> None:
    [lesion] = metrics.classes["semantic"]
    assert lesion.ci95.keys() == lesion.scores.keys()
    for name, (low, high) in lesion.ci95.items():
        assert (low, high) == metrics.scores[name].pooled_ci95  # there is one class
        assert low <= lesion.scores[name] <= high


class Unsure:
    """Finds the objects of labels that it is given in order, moved and cut; some it misses."""

    tells_uncertainty = False
    orders_review = False

    def __init__(self, task: PanopticTask, labels: Sequence[Label]) -> None:
        self.tasks, self.settings = {"panoptic": task}, {"panoptic": task.default_settings()}
        self.left = list(enumerate(labels))

    def predict(self, source: Pixels) -> Prediction:
        number, label = self.left.pop(0)
        fields = {
            name: np.roll(value, number % 4, axis=-1) for name, value in fields_of(label, TRAFFIC).items()
        }
        found = self.tasks["panoptic"].decode(fields, self.settings["panoptic"])
        return Prediction(label.size, {"panoptic": found})

    def origin(self) -> Json:
        return {}

    def check_format(self, found: PixelFormat, about: object) -> None:
        pass

    def viewable(self, image: Pixels) -> Image:
        return np.asarray(image, np.uint8)


TRAFFIC = Labels(classes=("road", "car", "person", "tram"), background=None, things=(1, 2, 3))


def traffic(root: Path, count: int) -> Dataset:
    """Discs of two classes on the third, told apart; a tram in the first image alone."""
    for name in ("images", "classes", "instances"):
        (root / name).mkdir(parents=True)
    lines = [
        "name,value,kind",
        *(f"{name},{at},{'thing' if at else 'stuff'}" for at, name in enumerate(TRAFFIC.classes)),
    ]
    (root / "legend.csv").write_text("\n".join(lines))
    for number in range(count):
        instances = discs(80, 6, seed=number, radius=(6, 12)).maps[INSTANCES]
        classes = np.where(instances > 0, 1 + instances % 2, 0).astype(np.uint8)
        if number == 0:
            classes[instances == instances.max()] = 3
        PIL.Image.fromarray(np.stack([classes * 60] * 3, axis=-1)).save(root / "images" / f"{number}.png")
        PIL.Image.fromarray(classes).save(root / "classes" / f"{number}.png")
        PIL.Image.fromarray(instances.astype(np.uint16)).save(root / "instances" / f"{number}.png")
    return open_data(root)


def test_every_score_of_a_class_of_objects_has_its_interval(tmp_path: Path) -> None:
    """By resamples worked out here: images put together as often as they are drawn."""
    data, task = traffic(tmp_path / "data", 12), task_of(TRAFFIC)
    labels = [data.read(sample)[1] for sample in data.samples]
    found = evaluate(Unsure(task, labels), data, "all")
    classes = {one.name: one for one in found.classes["panoptic"]}
    assert all(one.ci95.keys() == one.scores.keys() for one in classes.values())
    again = Unsure(task, labels)
    rows = [task.row(again.predict(np.zeros((1, 1, 3), np.uint8))["panoptic"], label) for label in labels]
    draws = resamples(12)[:DRAWS]
    for name in ("car", "person"):
        of_class = AveragePrecision([row.objects for row in rows], [TRAFFIC.classes.index(name)])
        assert classes[name].scores["ap"] == pytest.approx(of_class(np.ones(12))[0])
        drawn = [of_class(draw)[0] for draw in draws]
        low, high = classes[name].ci95["ap"]
        assert [low, high] == pytest.approx(np.nanpercentile(drawn, [2.5, 97.5]).tolist())
        assert low < classes[name].scores["ap"] < high
        for metric in ("pq", "sq", "rq", "mean_iou", "f1_50"):
            assert classes[name].ci95[metric] == classes[name].over_images[metric].pooled_ci95
            low, high = classes[name].ci95[metric]
            assert low <= classes[name].scores[metric] <= high
    assert 0 < classes["car"].scores["ap"] < 1
    assert not math.isnan(classes["tram"].scores["ap"])
    assert np.isnan(classes["tram"].ci95["ap"]).all(), "one image says nothing of the next"
    for metric in ("f1_50", "ap"):
        assert math.isnan(classes["road"].scores[metric])
        assert np.isnan(classes["road"].ci95[metric]).all()
    table = objects_part(found, "panoptic", TRAFFIC, {}).sections[-1].body
    for one in classes.values():
        row = table[table.index(f">{one.name}<") :].partition("</tr>")[0]
        shown = [span_text(one.ci95[metric]) for metric in BY_CLASS if not math.isnan(one.scores[metric])]
        assert re.findall(r'<small class="nowrap">(.+?)</small>', row) == shown


def test_mm_are_scored_where_a_list_gives_them(lesions: Dataset, metrics: Metrics) -> None:
    spaced = [replace(one, spacing=(0.05, 0.05)) if i % 2 else one for i, one in enumerate(lesions.samples)]
    scored = evaluate(tiny_predictor(), replace(lesions, samples=tuple(spaced)), "all")
    assert [row.mm_per_pixel for row in scored.images[:2]] == [None, (0.05, 0.05)]
    assert scored.scores["hd95_mm"].unit == "mm"
    assert scored.scores["hd95_mm"].n_undefined >= 6
    for row in scored.images[1::2]:
        assert row.scores["hd95_mm"] == pytest.approx(0.05 * row.scores["hd95"], nan_ok=True)
    assert scored.scores["hd95"] == metrics.scores["hd95"]


def test_a_file_of_before_there_were_distances_is_read(metrics: Metrics, tmp_path: Path) -> None:
    values = json.loads(metrics.to_json())
    for score in values["scores"].values():
        del score["p95"], score["unit"], score["lower_is_better"]
        del score["median_ci95"], score["p5_ci95"], score["p95_ci95"]
    for row in values["images"]:
        del row["mm_per_pixel"], row["counts"]["semantic"]["surface"]
    for one in values["classes"]["semantic"]:
        del one["over_images"], one["ci95"]
    (tmp_path / "metrics.json").write_text(json.dumps(values), encoding="utf-8")
    read = read_metrics(tmp_path / "metrics.json")
    assert read.scores["dice"].mean == metrics.scores["dice"].mean
    assert math.isnan(read.scores["dice"].p95)
    assert all(math.isnan(end) for end in read.scores["dice"].median_ci95)


def test_classes_are_told_by_their_names_whatever_their_order(tmp_path: Path) -> None:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    ids = np.zeros((32, 48), np.uint8)
    ids[:16], ids[16:, :24] = 1, 2
    PIL.Image.fromarray(np.stack([ids * 90] * 3, axis=-1)).save(tmp_path / "images" / "a.png")
    PIL.Image.fromarray(ids).save(tmp_path / "masks" / "a.png")
    predictor = tiny_predictor(labels=Labels(classes=("sky", "road", "car"), background=None))
    (tmp_path / "classes.txt").write_text("sky\nroad\ncar\n")
    first = repr(evaluate(predictor, open_data(tmp_path), "all").classes["semantic"])  # a NaN is not itself
    PIL.Image.fromarray(np.array([2, 0, 1], np.uint8)[ids]).save(tmp_path / "masks" / "a.png")
    (tmp_path / "classes.txt").write_text("road\ncar\nsky\n")
    assert repr(evaluate(predictor, open_data(tmp_path), "all").classes["semantic"]) == first
    (tmp_path / "classes.txt").write_text("road\ncar\ncloud\n")
    with pytest.raises(DataError, match="the class 'cloud', which the model does not know"):
        evaluate(predictor, open_data(tmp_path), "all")


def test_classes_that_labelme_data_lack_are_those_of_the_model(tmp_path: Path) -> None:
    PIL.Image.new("RGB", (48, 32), (9, 90, 200)).save(tmp_path / "a.png")
    shape = {"label": "wolf", "points": [[0, 0], [10, 0], [10, 8], [0, 8]], "shape_type": "polygon"}
    listed = tmp_path / "a.json"
    listed.write_text(json.dumps({"shapes": [shape], "imageHeight": 32, "imageWidth": 48}))
    dataset = open_data(tmp_path)
    predictor = tiny_predictor(labels=Labels(classes=("background", "ant", "wolf"), background=0))
    usable = labelled_like(predictor, dataset)
    _, label = usable.read(usable.samples[0])
    assert np.bincount(label.class_map.ravel()).tolist() == [48 * 32 - 80, 0, 80]
    classes = evaluate(predictor, dataset, "all").classes["semantic"]
    assert {one.name: one.support for one in classes}["wolf"] == 80
    # Two classes may be called otherwise, but one of several is known by its name.
    assert labelled_like(tiny_predictor(), dataset).numbers is None
    listed.write_text(listed.read_text().replace("wolf", "cat"))
    with pytest.raises(DataError, match="the class 'cat', which the model does not know"):
        evaluate(predictor, open_data(tmp_path), "all")
