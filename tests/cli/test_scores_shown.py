"""The scores as the terminal shows them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from tests.networks import tiny_predictor

from pixelwise.cli.console import Console
from pixelwise.data.synthetic import write_lesions
from pixelwise.evaluation import Metrics, evaluate
from pixelwise.metrics import METRICS
from pixelwise.workflows.data import open_data


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Metrics:
    data = open_data(write_lesions(tmp_path_factory.mktemp("data"), 12, seed=4, size=(96, 128)))
    spaced = tuple(replace(one, spacing=(0.05, 0.05)) for one in data.samples)
    return evaluate(tiny_predictor(), replace(data, samples=spaced), "all")


@pytest.mark.parametrize("width", [80, 120, 140])
def test_every_metric_has_a_whole_line_with_its_interval(
    metrics: Metrics, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    Console().print_metrics(metrics)
    lines = capsys.readouterr().out.splitlines()
    assert "Scores on 12 images (split: all)" in lines
    assert all(len(line) <= width and "…" not in line for line in lines)
    assert {"dice", "iou", "hd95"} <= metrics.scores.keys()
    for name in metrics.scores:
        metric = METRICS[name]
        [at] = [at for at, line in enumerate(lines) if line.startswith(f"{metric.title}  ")]
        row = " ".join(lines[at : at + (1 if width >= 132 else 2)])
        score = metrics.scores[name]
        digits, unit = (2, f" {metric.unit}") if metric.unit else (3, "")
        expected = [(score.mean, score.ci95), (score.bad_end, score.bad_end_ci95)]
        if width > 100:
            expected.insert(1, (score.median, score.median_ci95))
        if metric.pooled:
            expected.append((score.pooled, score.pooled_ci95))
        values = [value for value, _ in expected]
        values.insert(len(values) - metric.pooled, score.worst)
        shown = re.findall(rf"([\d.]+){unit}(?= |$)", re.sub(r"\(\S+\)", "", row.removeprefix(metric.title)))
        assert [float(one) for one in shown] == pytest.approx(values, abs=0.51 * 10**-digits)
        # Every figure but that of the worst image has its interval, in the same order.
        ends = re.findall(r"\(([\d.]+)–([\d.]+|∞)\)", row)
        assert np.array([[low, high.replace("∞", "nan")] for low, high in ends], float) == pytest.approx(
            np.array([interval for _, interval in expected]), abs=0.51 * 10**-digits, nan_ok=True
        )
    assert sum("lesion: " in line for line in lines) == len(metrics.tags["lesion"])
