"""Run the Python examples of README.md and docs/*.md as tests.

Stands at the root because pytest asks only the conftest files above a document to collect it. Every document
has a namespace and a working directory of its own, where a small synthetic set waits in ``lesions/``. An
example right after the comment ``<!-- no-run -->`` is shown to readers but not run.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from sybil import Document, Region, Sybil
from sybil.evaluators.skip import Skipper
from sybil.parsers.markdown import PythonCodeBlockParser

NO_RUN = re.compile(r"<!--\s*no-run\s*-->(?=\s*```python\b)")


class NoRunParser:
    """Skips the next example, as Sybil's own ``skip: next`` does, in words for people."""

    def __init__(self) -> None:
        self._skipper = Skipper("no-run")

    def __call__(self, document: Document) -> Iterable[Region]:
        for match in NO_RUN.finditer(document.text):
            yield Region(match.start(), match.end(), ("next", "'marked no-run'"), self._skipper)


@pytest.fixture(scope="module")
def documentation_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The working directory of one document's examples."""
    from pixelwise.data.synthetic import write_lesions

    folder = tmp_path_factory.mktemp("documentation")
    write_lesions(folder / "lesions", count=12, seed=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PIXELWISE_CACHE", str(folder / "cache"))
        yield folder


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), NoRunParser()],
    patterns=["README.md", "docs/*.md"],
    fixtures=["documentation_folder"],
).pytest()
