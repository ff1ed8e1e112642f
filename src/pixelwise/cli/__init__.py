"""The command line."""

import time

STARTED = time.monotonic()
"""What budgets count from: before anything heavy is imported."""
