"""Statuses that commands end with, beside 0."""

FOUND_ERRORS = 1
"""The work was done and found faults in the data, or images that could not be predicted."""
USER_ERROR = 2
"""A mistake that one sentence on standard error tells of; nothing was written."""
INTERRUPTED = 130
"""Ctrl-C."""
