"""Plain Python: the second counter waits until the first has finished."""

import time


def count(name: str) -> None:
    """Count to three, and wait after each number."""
    for number in (1, 2, 3):
        print(f"{name}: {number}")
        time.sleep(0.1)


begin = time.perf_counter()
count("first")
count("second")
print(f"{time.perf_counter() - begin:.1f} s")
