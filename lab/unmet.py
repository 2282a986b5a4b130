"""What the instruments raise when a server does not do what was expected of it."""


class Unmet(Exception):
    """A server did not do what was expected of it: silence, a hang-up, a wrong answer.

    Nothing else is ever a Unmet: a mistake in the instruments, or a step that cannot
    even be imported, keeps its own exception, so that nobody takes it for a verdict.

    ``expected`` and ``got`` are both the end of a sentence.
    """

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}; got {got}")
        self.expected = expected
        self.got = got
