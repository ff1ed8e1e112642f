"""How a training would go, without training."""

from __future__ import annotations

from pathlib import Path

from pixelwise.checks import Looker
from pixelwise.data.dataset import Dataset
from pixelwise.plan import Plan
from pixelwise.workflows.check import check, refuse_errors
from pixelwise.workflows.data import assigned, open_joined
from pixelwise.workflows.foldplan import are_folds_wished, pooled, prepare_folds
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.preparation import choose_recipe, with_splits
from pixelwise.workflows.wishes import Wishes


def plan(
    data: Dataset | Path | str, wishes: Wishes, looker: Looker, listener: Listener, joints: Path | None = None
) -> Plan:
    """The recipe that :func:`~pixelwise.workflows.train.train` would train by, and the reasons, which are told.

    Leaking splits are told and no obstacle, as nothing is claimed of scores.

    Args:
        data: an opened data set, or a folder for :func:`~pixelwise.workflows.data.open_data`.
        wishes: all that is asked for.
        joints: folder of another set, of which joints would be learned beside the masks of ``data``.

    Raises:
        PixelwiseError: what training would be refused for.
    """
    opened = open_joined(data, ",".join(wishes.tasks) or None, joints, looker.values)
    in_folds = are_folds_wished(wishes, None)
    if in_folds:
        opened = pooled(opened)
    checked = check(assigned(opened), looker=looker, listener=listener)
    listener.checked(checked.result)
    refuse_errors(checked, allow_leaks=True)
    if in_folds:
        validation = prepare_folds(checked.subject, wishes, None, listener)
        return Plan(validation.recipe, dict(validation.reasons))
    return choose_recipe(wishes, with_splits(checked.subject, wishes.drawn_by, listener), listener)
