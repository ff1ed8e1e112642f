"""Lines to copy are quoted as the shell of the system wants them."""

import os
import shlex

import pytest

from pixelwise.workflows.shell import shell_line

WORDS = ("pixelwise", "train", "my data", "--group-by", r"^(p\d+)_")


def test_a_line_is_quoted_for_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "name", "posix")
    assert shlex.split(shell_line(WORDS)) == list(WORDS)
    monkeypatch.setattr(os, "name", "nt")
    windows = shell_line(WORDS)
    monkeypatch.undo()
    assert '"my data"' in windows
    assert "'" not in windows, "Windows takes single quotes for letters"
