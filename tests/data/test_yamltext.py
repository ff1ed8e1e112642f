"""Names in YAML: what is written is read, and as other programs read it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pixelwise.data.yamltext import names_after, quoted

ODD = [
    "café",
    'a "b"',
    "c#1 #x",
    "back\\slash \\u00e9",
    "it's",
    "[a, b]",
    "- 1",
    " ",
    "a\nb\x7f\x85\u2028",
    "\U0001f600",
]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
@example(ODD)
def test_any_names_go_round(names: list[str]) -> None:
    numbered = "".join(f"  {number}: {quoted(name)}\n" for number, name in enumerate(names))
    assert names_after(f"names:\n{numbered}".splitlines()) == names
    listed = ", ".join(map(quoted, names))
    assert names_after([f"names: [{listed}] # all"]) == names


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_other_programs_read_what_is_quoted(text: str) -> None:
    yaml = pytest.importorskip("yaml")
    assert yaml.safe_load(f"names:\n  0: {quoted(text)}\n") == {"names": {0: text}}


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("names: [cat, 'a, b', \"c#1 #x\"]  # three", ["cat", "a, b", "c#1 #x"]),
        ("names: [c#1, it's]", ["c#1", "it's"]),
        ("names:  # below\n  0: cat # grey\n\n  # none\n  1: 'it''s' # x\nnc: 2", ["cat", "it's"]),
        ('names:\n- "a \\"b\\""\n- c#1\n- dog\'s #x', ['a "b"', "c#1", "dog's"]),
        ('names: ["caf\\u00e9", "\\ud83d\\ude00"]', ["café", "\U0001f600"]),
    ],
)
def test_names_are_understood_as_yaml_means_them(written: str, names: list[str]) -> None:
    assert names_after(written.splitlines()) == names


@pytest.mark.parametrize(
    "written",
    [
        "names: cat",
        "names: [cat, dog",
        'names: ["cat]',
        "names: [cat] dog",
        "names:\n  1: cat",
        'names:\n  0: "cat',
        'names:\n  0: "\\q"',
        'names:\n  0: "\\ud83d"',
        "names:\n  cat",
    ],
)
def test_what_is_no_list_of_names_is_told(written: str) -> None:
    assert names_after(written.splitlines()) is None
