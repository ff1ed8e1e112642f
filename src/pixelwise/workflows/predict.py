"""A model's results on images without labels, written as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pixelwise.prediction import Predictor, load
from pixelwise.tasks import PoseTask
from pixelwise.tasks.pose.writing import BODY_25
from pixelwise.workflows.listener import Listener
from pixelwise.workflows.sources import find_sources
from pixelwise.workflows.writing import Predicted, say_left_out, write_results

NO_OPENPOSE = (
    "OpenPose: it has no joint of these names ({joints}), so that the files …_keypoints.json hold none; …_coco.json "
    "and the picture's JSON hold all. Names such as left_knee, l_knee or LeftKnee are known."
)


def predict(
    model: Predictor | Path | str,
    paths: Sequence[Path | str],
    out: Path | str,
    *,
    overwrite: bool = False,
    listener: Listener | None = None,
) -> Predicted:
    """Write mask, overlay and JSON for every image.

    An image that cannot be read, or is not like those of training, does not keep the others from being predicted.

    Args:
        model: a loaded model, its file or the folder of its run.
        paths: image files, and folders whose images are taken, at any depth; below ``out`` results lie likewise.
        out: the folder that results go to; created if need be.
        overwrite: replace results that are there already.

    Raises:
        ModelFileError: the model cannot be read.
        DataError: no images, or none that can be predicted.
        OutputError: results are there already, or cannot be written.
    """
    listener = listener or Listener()
    predictor = model if isinstance(model, Predictor) else load(model)
    folder = Path(out)
    found = find_sources([Path(path) for path in paths], folder)
    say_left_out(found, listener)
    for task in predictor.tasks.values():
        if isinstance(task, PoseTask) and not task.skeleton.places_of(BODY_25):
            listener.say(NO_OPENPOSE.format(joints=", ".join(task.skeleton.joints)))
    return write_results(predictor, found.sources, folder, overwrite=overwrite, listener=listener)
