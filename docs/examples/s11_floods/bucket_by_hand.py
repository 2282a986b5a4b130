"""A token bucket that is easy to follow: a burst of three, a rate of one per second."""

RATE, BURST = 1.0, 3.0  # tokens a second, and at most


class Bucket:
    """How many tokens there are, and when we counted them."""

    def __init__(self) -> None:
        self.tokens, self.counted = BURST, 0.0

    def take(self, now: float) -> float:
        """Take a token, and return how many seconds to wait for it."""
        grown = RATE * (now - self.counted)
        self.tokens = min(BURST, self.tokens + grown) - 1
        self.counted = now
        return max(0.0, -self.tokens / RATE)


def main() -> None:
    """Take five tokens together; rest for a moment, and then for an hour."""
    bucket = Bucket()
    for now in (0.0, 0.0, 0.0, 0.0, 0.0, 4.0, 3604.0, 3604.0):
        wait = bucket.take(now)
        print(f"at {now:4.0f} s: {bucket.tokens:2.0f} left, wait for {wait:.0f} s")


main()
