"""Waiting without sleeping: poll a condition against a deadline, scaled for slow builds."""
import os
import threading
import time

_TICK = threading.Event()


def scale():
    """Deadlines grow in sanitizer builds and on busy machines (RON_TIME_SCALE)."""
    return float(os.environ.get("RON_TIME_SCALE", "1"))


def duration(ms):
    """A config value of so many milliseconds, stretched like the deadlines that judge it."""
    return f"{int(ms * scale())}ms"


class Deadline:
    def __init__(self, seconds):
        self.end = time.monotonic() + seconds * scale()

    def left(self):
        return max(0.0, self.end - time.monotonic())

    def passed(self):
        return time.monotonic() >= self.end


def until(condition, seconds=5.0, what="condition", step=0.01):
    """The first true value of condition(), or AssertionError with the last value seen."""
    deadline = Deadline(seconds)
    while True:
        value = condition()
        if value:
            return value
        if deadline.passed():
            shown = what() if callable(what) else what
            raise AssertionError(f"not within {seconds} s: {shown} (last: {value!r})")
        _TICK.wait(step)
