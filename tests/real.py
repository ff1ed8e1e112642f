"""Real data sets for tests, and what becomes of a test whose set is missing.

Someone may have some of the sets and not others: each test asks for its own, by name, and skips alone.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

RealSet = Callable[[str], Path]
"""The folder of a real data set by its name, such as ``"camvid"``; what the fixture ``real_set`` gives."""


def present(folder: Path) -> Path:
    """The folder of a real data set, if it is there; :func:`without_data` else."""
    if not folder.is_dir():
        without_data(f"needs {folder}, which does not exist")
    return folder


def without_data(reason: str) -> NoReturn:
    """Skip on a developer's computer; fail where the data was promised: no check is lost in silence."""
    if os.environ.get("PIXELWISE_REQUIRE_DATA") == "1" or os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
