"""The mask doctor: looks at every file of a data set and reports all that is wrong with it."""

from pixelwise.checks.examine import Examined
from pixelwise.checks.finding import KINDS, MOST_RANKED, RANKED, Finding, Kind, Place
from pixelwise.checks.kinds import kinds_of_masks
from pixelwise.checks.looker import Looker
from pixelwise.checks.mend import Mended, mend
from pixelwise.checks.result import Check
from pixelwise.checks.run import find_all, look_at
from pixelwise.checks.subject import Subject

__all__ = [
    "KINDS",
    "MOST_RANKED",
    "RANKED",
    "Check",
    "Examined",
    "Finding",
    "Kind",
    "Looker",
    "Mended",
    "Place",
    "Subject",
    "find_all",
    "kinds_of_masks",
    "look_at",
    "mend",
]
