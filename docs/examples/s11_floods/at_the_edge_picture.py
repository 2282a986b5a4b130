"""Draws when three kinds of limit let the same messages pass, ten per second each."""

from lab import story
from lab.host import load
from lab.pictures import drawing

server11 = load(story.find("11"))
RATE, BURST = server11.RATE, server11.BURST
WINDOW = BURST / RATE  # seconds: twenty in each window are ten per second

SAID = [1.9] * 30 + [2.1] * 30  # seconds: one burst before a window ends, and one after
SECONDS, LEFT, WIDTH, ROW = 8, 96, 400, 52  # pixels: the margin, the field, a row


def fixed_window(said: list[float]) -> list[float]:
    """Let twenty pass in each two seconds; the rest wait for the next window."""
    through, window, number = [], 0.0, 0.0
    for now in said:
        if now >= window + WINDOW:
            window, number = now // WINDOW * WINDOW, 0
        if number == BURST:
            window, number = window + WINDOW, 0
        number += 1
        through.append(max(now, window))
    return through


def leaky_bucket(said: list[float]) -> list[float]:
    """Let one pass every tenth of a second; the rest wait in a queue."""
    through, free = [], 0.0
    for now in said:
        through.append(max(now, free))
        free = through[-1] + 1 / RATE
    return through


def token_bucket(said: list[float]) -> list[float]:
    """Let twenty pass together, and then one every tenth of a second."""
    through, bucket, free = [], server11.Bucket(), 0.0
    for now in said:
        through.append(max(now, free))
        free = through[-1] + bucket.take(through[-1])
    return through


def most(through: list[float]) -> int:
    """Return how many pass within half a second, at most."""
    return max(sum(0 <= t - now < 0.499 for t in through) for now in through)


def row(name: str, times: list[float], y: float) -> list[str]:
    """Draw how many pass in each tenth of a second."""
    parts = [drawing.written(LEFT - 8, y, name, "end")]
    counts = [0] * (10 * SECONDS)
    for time in times:
        counts[int(time * 10 + 1e-6)] += 1
    wide = WIDTH / len(counts)
    for place, count in enumerate(counts):
        if count:
            x, tall = LEFT + place * wide, count * ROW * 0.75 / 30
            parts.append(
                f'<rect x="{x:.1f}" y="{y - tall:.1f}" width="{wide - 1:.1f}" '
                f'height="{tall:.1f}" fill="currentColor" opacity=".7"/>'
            )
    words = f"at most {most(times)} in half a second"
    line = f'<path d="M{LEFT} {y + 0.5}h{WIDTH}" stroke="currentColor" opacity=".3"/>'
    return [*parts, line, drawing.small(LEFT + WIDTH + 8, y, words)]


def main() -> None:
    """Give the same messages to all three, and draw one row each."""
    rows = {
        "sent": SAID,
        "fixed window": fixed_window(SAID),
        "leaky bucket": leaky_bucket(SAID),
        "token bucket": token_bucket(SAID),
    }
    bottom, parts = ROW * len(rows), []
    for number, (name, times) in enumerate(rows.items(), 1):
        parts += row(name, times, ROW * number)
    for value in drawing.ticks(SECONDS):
        x = LEFT + value / SECONDS * WIDTH
        words = drawing.seconds(value, SECONDS)
        parts += [
            drawing.small(x, bottom + 18, words, "middle"),
            f'<path d="M{x:.1f} 10V{bottom + 4}" stroke="currentColor" opacity=".15"/>',
        ]
    words = "\n".join(
        f"{name}: at most {most(times)} in half a second, the last at {times[-1]:.1f} s"
        for name, times in rows.items()
    )
    print(drawing.picture("limits", LEFT + WIDTH + 160, bottom + 26, words, parts))


main()
