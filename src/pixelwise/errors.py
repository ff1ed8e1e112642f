"""What goes wrong for a person, said in one sentence.

Every error that a user can cause is a :class:`PixelwiseError`. Its message names the file and says what to do; the
command line prints it alone, without a traceback, and exits with status 2.
"""


class PixelwiseError(Exception):
    """Base of all errors meant for people; the message is one sentence."""


class DataError(PixelwiseError):
    """Images, labels or splits that cannot be used as they are."""


class RecipeError(PixelwiseError):
    """A setting that does not exist, has the wrong type or an impossible value."""


class ModelFileError(PixelwiseError):
    """A model file that is cut short, of another kind, damaged or from a newer version."""


class OutputError(PixelwiseError):
    """A place to write that is taken or cannot be written."""


def one_line(text: str) -> str:
    """Text on one line: ends of lines, control codes and bytes that are no UTF-8, as names may hold, are spelt out."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )
