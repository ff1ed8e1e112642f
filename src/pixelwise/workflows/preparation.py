"""What training needs to be told: splits and a recipe, given or found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from pixelwise.checks import Subject, kinds_of_masks
from pixelwise.data.dataset import Dataset, image_sizes
from pixelwise.data.draw import Together, carve_validation, draw_splits, joined
from pixelwise.data.groups import propose
from pixelwise.data.images import image_size
from pixelwise.data.valuerange import find_value_range
from pixelwise.errors import DataError, RecipeError
from pixelwise.labels import Labels
from pixelwise.models import model_named
from pixelwise.plan import (
    CROP,
    SINGLE_MODEL,
    STILL,
    Asked,
    Covered,
    Fingerprint,
    Plan,
    ceiling,
    lie_any_way,
    network_text,
    of_batch,
    of_rates,
    plan,
    plan_pose,
    still_layers,
    unmirrored,
)
from pixelwise.recipe import (
    Model,
    PoseTask,
    Recipe,
    Scale,
    parse_model,
    parse_recipe,
    with_settings,
)
from pixelwise.tasks import build_task
from pixelwise.types import INSTANCES, SPLITS, Label, SplitName
from pixelwise.workflows.choosetasks import pose_facts, tasks_for, tasks_named
from pixelwise.workflows.labelled import labelled_for, refuse_untaught, scored_part, sets_of
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.pace import BATCH, pace_of
from pixelwise.workflows.wishes import Wishes

DEFAULT_BUDGET = 300.0
"""Seconds, where neither a budget nor a number of epochs is asked for."""
LABELS, FEWEST_LABELS = 16, 4
"""As many labels tell how large a frame has to be; fewer of large images, which take their time."""
OBJECT_LABELS = 64
"""As many tell which way objects lie: those of one image may lie alike."""
LABEL_PIXELS = 20_000_000
"""Of all these labels together, about."""
STEP_SHARE = 0.9
"""Of a step of training, that the network takes."""


def with_splits(subject: Subject, seed: int, listener: Listener) -> Dataset:
    """The samples that are assigned to a split; where none are, or no validation, they are drawn by ``seed``.

    Groups and near-duplicates are kept in one split, and every sort of mask has its share in each.

    Raises:
        DataError: nothing is assigned to training.
    """
    dataset, together, kinds = subject.dataset, subject.together, kinds_of_masks(subject)
    bare = [part for part in sets_of(dataset) if not part.has_splits()]
    if bare:
        for part in bare:
            dataset = _drawn_in(dataset, part, seed, together, kinds)
        whose = "" if len(bare) == len(sets_of(dataset)) else f" of {_called(bare[0])}"
        listener.say(
            f"Splits{whose}: drawn at random, since none were given; a run keeps them in splits.csv."
        )
        if (hint := group_hint(dataset)) is not None:
            listener.say(hint)
    for part in sets_of(dataset):
        if part.split("val").samples:
            continue
        # Of drawn ones, two or three groups: each is too large to be owed to it.
        carved = carve_validation(part, seed, together=together, kinds=kinds)
        dataset = _with_splits_of(dataset, carved)
        if not any(part.samples[0].name == other.samples[0].name for other in bare):
            listener.say("Splits: part of the training images is kept for validation, since none were given.")
    used = dataset.where(lambda sample: sample.split is not None)
    if not used.split("train").samples:
        raise DataError(f"{dataset.root} has no training images; assign some to 'train' in the splits file.")
    counts = ", ".join(f"{len(used.split(split))} {split}" for split in SPLITS)
    images = f"{len(used)} image{'s' * (len(used) != 1)}"
    listener.say(f"Data: {images} ({used.layout}): {counts}.")
    return used


def _called(part: Dataset) -> str:
    return "the images with joints" if part.samples[0].people is not None else "the images with masks"


def _with_splits_of(dataset: Dataset, part: Dataset) -> Dataset:
    """The data set with the splits that some of its samples have in ``part``."""
    known = {sample.name: sample.split for sample in dataset.samples}
    return dataset.with_splits(known | {sample.name: sample.split for sample in part.samples})


def _drawn_in(
    dataset: Dataset, part: Dataset, seed: int, together: Together, kinds: Mapping[str, str]
) -> Dataset:
    """The data set with splits drawn for one of its sets; what belongs together with assigned images follows them."""
    split_of = {sample.name: sample.split for sample in dataset.samples}
    followed: dict[str, SplitName | None] = {}
    for names in joined(together):
        leaders = [split_of[name] for name in sorted(names) if split_of.get(name) is not None]
        if leaders:
            followed |= dict.fromkeys((name for name in names if split_of.get(name) is None), leaders[0])
    free = part.where(lambda sample: sample.name not in followed)
    drawn = draw_splits(free, seed, together=together, kinds=kinds) if free.samples else free
    follow = part.where(lambda sample: sample.name in followed).with_splits(followed)
    return _with_splits_of(_with_splits_of(dataset, drawn), follow)


def group_hint(dataset: Dataset) -> str | None:
    """What to say where images that belong together may have come to different splits; None where nothing shows it."""
    folders = {sample.tags.get("folder") for sample in dataset.samples}
    by_folder = None not in folders and 1 < len(folders) < len(dataset)
    pattern = propose([sample.name for sample in dataset.samples])
    if dataset.group is not None or not (by_folder or pattern):
        return None
    what, how = ("folder", "folder") if by_folder else ("pattern of names", f'"{pattern}"')
    return (
        f"Splits: images of one {what} may lie in different splits. If they are of one patient or video, scores will "
        f"be too good; --group-by {how} keeps them together."
    )


def complete_recipe(wishes: Wishes, dataset: Dataset, listener: Listener) -> Recipe:
    """The recipe of :func:`choose_recipe`."""
    return choose_recipe(wishes, dataset, listener).recipe


def choose_recipe(wishes: Wishes, dataset: Dataset, listener: Listener) -> Plan:
    """The recipe wished for, or one planned from the data, with all other wishes in it, and the reasons.

    Raises:
        RecipeError: values that a recipe cannot have, or a recipe for images of another format.
    """
    model = model_named(wishes.network) if wishes.network is not None else None
    budget, epochs = wishes.length
    reasons: dict[str, str] = {}
    if wishes.recipe is None:
        seconds = budget or DEFAULT_BUDGET
        tasks = tasks_for(dataset, wishes.tasks)
        network = _as_set(model or _network_for(tasks, dataset), wishes.settings)
        share = seconds / (wishes.number_of_folds or 1)
        known = fingerprint(dataset, None if epochs else share, network, tasks)
        planned = _planned(known, network, dataset, tasks, wishes.settings)
        reasons |= planned.reasons
        if model is not None:
            reasons.pop("model.encoder", None)
            reasons["model"] = f"{network_text(model)}, as asked"
        for setting, reason in reasons.items():
            listener.say(f"Plan: {setting} = {reason}.")
        values = planned.recipe.model_dump(exclude_none=True)
        values["train"] |= {"epochs": None, "budget_seconds": seconds}
    else:
        kinds = [one.kind for one in wishes.recipe.tasks.values()]
        refuse_untaught(dataset, kinds)
        if wishes.tasks and set(wishes.tasks) != set(kinds):
            raise RecipeError(
                f"the recipe is for {', '.join(kinds)}; leave out --task {','.join(wishes.tasks)}, or --recipe."
            )
        values = wishes.recipe.model_dump(exclude_none=True)
        if model is not None:
            values["model"] = model.model_dump()
    if budget is not None or epochs is not None:
        values["train"] |= {"epochs": epochs, "budget_seconds": budget}
    if wishes.seed is not None:
        values["seed"] = wishes.seed
    if wishes.folds is not None:
        values["train"] |= {"folds": wishes.folds}
    for name, value in wishes.settings.items():
        listener.say(f"Set: {name} = {value}, as asked.")
        reasons[name] = f"{value}, as asked"
    if dataset.skeleton is not None and "pose" in values["tasks"]:  # a recipe may leave it to the data
        values["tasks"]["pose"].setdefault("skeleton", dataset.skeleton.model_dump())
    recipe = parse_recipe(with_settings(values, wishes.settings), "what was asked for")
    return Plan(_fitting(recipe, dataset), reasons)


def seen_by(recipe: Recipe, dataset: Dataset) -> Dataset:
    """The data as a recipe wants it: joints in the order of its skeleton, people cut out.

    Raises:
        DataError: joints that the recipe does not have.
    """
    for task in recipe.tasks.values():
        if isinstance(task, PoseTask) and task.skeleton is not None and dataset.skeleton is not None:
            dataset = dataset.jointed_like(task.skeleton)
    return dataset.cropped(recipe.scale.crop)


def _network_for(tasks: Sequence[str], dataset: Dataset) -> Model:
    """The network for some tasks where none is wished for."""
    return SINGLE_MODEL if tuple(tasks) == ("pose",) and pose_facts(dataset).single else Model()


def _as_set(network: Model, settings: Mapping[str, Any]) -> Model:
    """The network with what was asked for in its place, so that all else is planned for the one there will be."""
    own = _of_section("model", settings)
    return parse_model({**network.model_dump(), **own}, "what was asked for") if own else network


def _of_section(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of one section of the recipe, by their names there."""
    start = f"{name}."
    return {key.removeprefix(start): value for key, value in settings.items() if key.startswith(start)}


def _planned(
    known: Fingerprint, network: Model, dataset: Dataset, tasks: Sequence[str], settings: Mapping[str, Any]
) -> Plan:
    """The plan; of the settings asked for, it heeds those that others depend on."""
    wished = {name: task for name, task in tasks_named(tasks).items() if name != "pose"}
    asked = Asked(_of_section("scale", settings), still="train.frozen" in settings)
    planned = plan(known, network, *wished.values(), asked=asked)
    recipe, reasons = planned.recipe, planned.reasons
    if "pose" in tasks:
        facts, rotate = pose_facts(dataset), settings.get("augment.rotate")
        turned = recipe.augment.rotate if wished else None
        if isinstance(rotate, int | float):  # what else it may be is refused when the recipe is put together
            turned = min(180.0, max(0.0, float(rotate)))
        pose = plan_pose(known, facts, network, alone=not wished, rotate=turned, asked=asked)
        still = still_layers(known, network, pose.scale, asked=asked.still)
        train = recipe.train.model_copy(update=still.settings)
        ours: dict[str, Any] = {"scale": pose.scale, "tasks": {**wished, "pose": pose.task}, "train": train}
        if not wished:  # else masks have a say in it
            train = train.model_copy(update={"learning_rate": pose.learning_rate})
            ours |= {"augment": pose.augment, "train": train, "model": network}
        found = {name: why for name, why in pose.reasons.items() if name.partition(".")[0] in ours}
        if wished:
            ours["augment"] = unmirrored(recipe.augment, facts.skeleton)
            found["augment"] = f"{reasons['augment']}; {pose.mirror}"
        recipe = recipe.model_copy(update=ours)
        kept = {
            name: why
            for name, why in reasons.items()
            if name not in STILL and (wished or not name.startswith("tasks."))
        }
        reasons = {**kept, **found, **still.reasons, **of_batch(known, recipe), **of_rates(recipe.train)}
    return Plan(recipe, reasons)


def fingerprint(
    dataset: Dataset, seconds: float | None, network: Model, tasks: Sequence[str] = ("semantic",)
) -> Fingerprint:
    """What a plan has to know of the data, the time for everything, and this computer.

    Args:
        seconds: None where the length of training is a number of epochs: then the computer does not matter.
        network: whose pace is measured.
        tasks: that are learned, by name.
    """
    refuse_untaught(dataset, tasks)
    if "pose" in tasks and pose_facts(dataset).is_cut(alone=tuple(tasks) == ("pose",)):
        dataset = dataset.cropped(CROP)
    training = dataset.split("train")
    wished = tasks_named(tasks, dataset.skeleton)
    others = [task for name, task in wished.items() if name != "pose"]
    seen = _some_labels(labelled_for(training, others[0].kind)) if others else []
    labels = seen[:: math.ceil(len(seen) / LABELS) or 1]
    task = build_task(others[0], dataset.labels) if others else None

    @cache
    def best(scale: Scale) -> float:
        return ceiling(task, labels, scale) if task is not None else 1.0

    known = Fingerprint(
        sizes=image_sizes(dataset),
        any_way_up=dataset.any_way_up,
        found=find_value_range(training),
        training=len(training),
        seconds=seconds,
        ceiling=best,
        classes=_covered(dataset.labels, labels) if labels else {},
        scored=len(dataset.split("val")) + len(scored_part(dataset, tasks)[0]),
        objects_any_way=lie_any_way(one.instance_map for one in seen if INSTANCES in one.maps),
    )
    if seconds is None:
        return known
    pace = pace_of(network, dataset, wished)
    return replace(known, rate=BATCH * STEP_SHARE / pace.seconds, precision=pace.precision)


def _some_labels(dataset: Dataset) -> list[Label]:
    """Labels of up to ``OBJECT_LABELS`` samples where objects are told apart, else ``LABELS``, spread evenly."""
    height, width = image_size(dataset.samples[0].image)
    most = OBJECT_LABELS if dataset.labels.things else LABELS
    chosen = dataset.evenly(min(most, max(FEWEST_LABELS, LABEL_PIXELS // (height * width)))).samples
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda sample: dataset.read(sample)[1], chosen))


def _covered(labels: Labels, masks: Sequence[Label]) -> dict[str, Covered]:
    """How much of some masks each class covers, by its name."""
    found = {}
    for class_id in labels.scored:
        shares = [float((mask.class_map == class_id).mean()) for mask in masks]
        shown = float(np.mean([share > 0 for share in shares]))
        found[labels.classes[class_id]] = Covered(float(np.mean(shares)), shown)
    return found


def _fitting(recipe: Recipe, dataset: Dataset) -> Recipe:
    found, wanted = dataset.pixel_format, recipe.values.pixel_format
    if found != wanted:
        raise RecipeError(
            f"{dataset.root} is {found}, but the recipe is for {wanted}; set values.channels = {found.channels} "
            f'and values.dtype = "{found.dtype}" in it, with their range, or train without it.'
        )
    return recipe
