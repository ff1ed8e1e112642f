"""A data set that is missing fails where it was promised, each one alone."""

from pathlib import Path

import pytest
from tests.real import present


@pytest.mark.parametrize("promise", ["CI", "PIXELWISE_REQUIRE_DATA"])
def test_a_missing_set_fails_where_it_was_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, promise: str
) -> None:
    for name in ("CI", "PIXELWISE_REQUIRE_DATA"):
        monkeypatch.delenv(name, raising=False)
    assert present(tmp_path) == tmp_path
    with pytest.raises(pytest.skip.Exception, match="absent"):
        present(tmp_path / "absent")
    monkeypatch.setenv(promise, {"CI": "true", "PIXELWISE_REQUIRE_DATA": "1"}[promise])
    with pytest.raises(pytest.fail.Exception, match="absent"):
        present(tmp_path / "absent")
