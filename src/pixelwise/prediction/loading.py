"""From a model file to the model, ready to predict."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from pixelwise.errors import ModelFileError
from pixelwise.memory import keep_freed_memory
from pixelwise.modelfile import Header, Member, read_model
from pixelwise.models import Network, build_model
from pixelwise.prediction.ensemble import Ensemble
from pixelwise.prediction.predictor import Predictor
from pixelwise.tasks import AnyTask, build_tasks


def load(path: Path | str, device: str = "auto") -> Predictor:
    """A trained model from its file or the folder of its run, ready to predict.

    Of a file that holds several models it is an :class:`Ensemble`.

    Raises:
        ModelFileError: it cannot be used.
    """
    keep_freed_memory()
    stored = read_model(Path(path))
    header = stored.header
    tasks = build_tasks(header.recipe, header.labels)

    def built(number: int | None, model: Header | Member) -> Predictor:
        weights, references = stored.of(number)
        return Predictor(
            _network_of(header, weights, tasks, Path(path)),
            tasks,
            header.preprocessing,
            model.settings,
            device,
            confidence=model.confidence,
            references=None if references is None else references.numpy(),
        )

    if header.members is None:
        return built(None, header)
    members = [built(*one) for one in enumerate(header.members)]
    return Ensemble(members, header.settings, header.confidence)


def _network_of(
    header: Header, weights: Mapping[str, Tensor], tasks: Mapping[str, AnyTask], path: Path
) -> Network:
    fields = {name: task.fields() for name, task in tasks.items()}
    if fields != header.fields:
        raise ModelFileError(
            f"{path} predicts fields that its recipe does not name; copy it again from its run."
        )
    channels = header.preprocessing.values.channels
    network = build_model(header.recipe.model, fields, pretrained=False, channels=channels)
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise ModelFileError(f"{path} holds weights of another network than its recipe names.") from error
    return network
