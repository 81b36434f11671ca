"""Waiting for an event with a deadline, instead of sleeping and hoping."""

import time


def until(condition, what, seconds=15.0, interval=0.05):
    """Calls condition until it returns something true, and returns that; after the deadline the test fails."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain: {what}")
        time.sleep(interval)
