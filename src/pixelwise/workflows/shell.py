"""Command lines to be copied into the shell of this system."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence


def shell_line(words: Sequence[object]) -> str:
    """Words as one line, quoted as the system's shell wants them."""
    join = subprocess.list2cmdline if os.name == "nt" else shlex.join
    return join([str(word) for word in words])
