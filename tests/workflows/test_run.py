"""What a finished run tells of itself in its model file."""

from __future__ import annotations

import json

import numpy as np
from tests.report.pages import metrics

from pixelwise.workflows.run import headline


def test_scores_in_a_model_file_carry_their_intervals() -> None:
    found = metrics({"a": 0.75, "b": 0.5, "c": 1.0})
    said = json.loads(json.dumps(headline(found), allow_nan=False))
    assert (said["split"], said["n_images"]) == ("test", 3)
    assert said["dice"] == {"value": 0.75, "ci95": [0.5, 1.0], "pooled": 0.777, "pooled_ci95": [0.7, 0.8]}
    alone = headline(metrics({"a": np.nan}))
    assert alone["dice"] == {
        "value": None,
        "ci95": [None, None],
        "pooled": None,
        "pooled_ci95": [None, None],
    }
