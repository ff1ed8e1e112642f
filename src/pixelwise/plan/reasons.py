"""Why a plan keeps a recipe's defaults, in words with the data's facts in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pixelwise.plan.fingerprint import Covered, Fingerprint
from pixelwise.plan.scale import frames_of
from pixelwise.recipe import Model, PanopticTask, Recipe, SemanticTask, TaskRecipe

ENCODER = "efficientnet-lite0"
ARITHMETIC: Mapping[str, float] = {"efficientnet-lite1": 1.3, "efficientnet-lite2": 1.5}
"""Multiplications of the others over those of ``ENCODER``, as ``pixelwise explain`` counts them."""


READ = "every level of the decoder is read, so it learns in fewer passes than unet"
"""What the default network is chosen for."""


def of_network(network: Model) -> dict[str, str]:
    """Decoder and encoder, and why where they are the default ones."""
    return {
        "model": network_text(network) + (f": {READ}" if network == Model() else ""),
        **_of_encoder(network),
    }


def network_text(network: Model) -> str:
    """Decoder and encoder, and where these begin."""
    begins = "pretrained" if network.starts_pretrained else "from scratch"
    return f"{network.decoder} over {network.encoder}, {begins}"


def _of_encoder(network: Model) -> dict[str, str]:
    """Why it is the default one; nothing to say of another, which was asked for."""
    if network.encoder != ENCODER or not network.starts_pretrained:
        return {}
    others = " and ".join(name.removeprefix("efficientnet-") for name in ARITHMETIC)
    times = " and ".join(f"{factor:g}" for factor in ARITHMETIC.values())
    return {
        "model.encoder": f"{ENCODER}: its pretrained weights come with Pixelwise; {others}, of the extra lite, need "
        f"{times} times its arithmetic"
    }


def of_batch(known: Fingerprint, recipe: Recipe) -> dict[str, str]:
    """Of how many frames a step shows how many."""
    size, scale = recipe.train.batch_size, recipe.scale
    reason = f"{size}: the default, whatever the data"
    if known.training:
        frames = known.training * frames_of(known, scale)
        images = f"{known.training} training image{'s' * (known.training != 1)}"
        of = f"about {frames} tiles of {images}" if scale.policy == "tiles" else images
        only = f"there {'is' if frames == 1 else 'are'} only {of}, so a step repeats {'it' if frames == 1 else 'some'}"
        reason += f"; {only}, each time changed anew" if frames < size else f"; a step shows {size} of {of}"
    return {"train.batch_size": reason}


def of_losses(task: TaskRecipe, classes: Mapping[str, Covered]) -> dict[str, str]:
    """The weights of the losses of a task as it is by default; those of joints are planned, with their own reason."""
    covers = _covers(classes)
    fact = f"; {covers}" if covers else ""
    match task:
        case SemanticTask():
            weights = f"{_weights(task.losses.items())}, no class_weights"
            why = "cross-entropy counts every pixel, Dice every class by its own size"
        case PanopticTask():
            names = ("cross_entropy", "dice", "centre", "offset")
            weights = _weights((name, getattr(task, name)) for name in names)
            why = "objects need classes, centres and offsets alike, and an offset's error counts by its object's size"
        case _:
            return {}
    return {f"tasks.{task.kind}": f"{weights}: {why}{fact}"}


def of_usual_classes(classes: Mapping[str, Covered], *, tiled: bool) -> dict[str, str]:
    """Why no class is shown more often, where none is rare; nothing where there are no masks."""
    if not classes:
        return {}
    name = min(classes, key=lambda one: classes[one].images)
    least = "" if len(classes) == 1 else f", in the fewest of {len(classes)} classes,"
    reason = f"0: {name}{least} is in {percent(classes[name].images)} of the images"
    return {"train.oversample": reason + (f", and {_covers(classes)}" if tiled else "")}


def percent(share: float) -> str:
    """A share, 0–1, of two digits."""
    return f"{share:.0%}" if share >= 0.1 else f"{share * 100:.2g}%"


def _covers(classes: Mapping[str, Covered]) -> str:
    """What the least of the classes that were seen covers, in words; empty where none was."""
    seen = {name: covered.pixels for name, covered in classes.items() if covered.pixels}
    if not seen:
        return ""
    name = min(seen, key=lambda one: seen[one])
    least = "" if len(seen) == 1 else f", the least of {len(seen)} classes seen,"
    return f"{name}{least} covers {percent(seen[name])} of the pixels"


def _weights(shares: Iterable[tuple[str, float]]) -> str:
    return ", ".join(f"{name} {share:g}" for name, share in shares)
