"""Where the real data is, for the tests that need it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real import RealSet, present, without_data


@pytest.fixture(scope="session", autouse=True)
def _cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests keep decoded images in a folder of their own, never in the person's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIXELWISE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real data sets, named by the environment variable PIXELWISE_DATA."""
    value = os.environ.get("PIXELWISE_DATA")
    if not value:
        without_data("needs real data: set PIXELWISE_DATA to the folder of the sets")
    root = Path(value).resolve()
    if not root.is_dir():  # a wrong setting is a mistake, not an absence
        pytest.fail(f"PIXELWISE_DATA names a folder that does not exist: {root}", pytrace=False)
    return root


@pytest.fixture(scope="session")
def real_set(data_root: Path) -> RealSet:
    """Gives the folder of a real data set by its name, or ends the test where the set is missing."""
    return lambda name: present(data_root / name)


@pytest.fixture(scope="session")
def ph2(real_set: RealSet) -> Path:
    """The PH² dermoscopy set in the layout of its original archive."""
    return real_set("ph2")
