"""The scores as the terminal shows them."""

from __future__ import annotations

import re
from dataclasses import replace

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


@pytest.mark.parametrize("width", [80, 120])
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
        [line] = [line for line in lines if line.strip().startswith(f"{metric.title}  ")]
        score = metrics.scores[name]
        digits, unit = (2, f" {metric.unit}") if metric.unit else (3, "")
        low, high = score.ci95
        assert f"{score.mean:.{digits}f}{unit} ({low:.{digits}f}–{high:.{digits}f})" in line
        shown = re.findall(rf"[\d.]+{unit}", line.partition(")")[2])
        expected = [score.bad_end, score.worst] + ([score.pooled] if metric.pooled else [])
        if width > 100:
            expected.insert(0, score.median)
        assert [float(one.split()[0]) for one in shown[: len(expected)]] == pytest.approx(
            expected, abs=0.51 * 10**-digits
        )
    assert sum("lesion: " in line for line in lines) == len(metrics.tags["lesion"])
