"""Measures what it costs to send 32 frames: one by one, and all in one go."""

import socket
import time

FRAME = b"x" * 100  # about as long as the frame of a chat message
FRAMES = 32
ROUNDS = 500


def cost(near: socket.socket, far: socket.socket, pieces: list[bytes]) -> float:
    """Return how many microseconds it takes to send the pieces, in the best round."""
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for piece in pieces:
            near.send(piece)
        best = min(best, time.perf_counter() - begin)
        left = sum(map(len, pieces))
        while left:
            left -= len(far.recv(left))
    return best * 1e6


def about(number: float) -> str:
    """Return a number with two digits: the others differ from run to run."""
    return f"{float(f'{number:.2g}'):g}"


door = socket.create_server(("127.0.0.1", 0))
near = socket.create_connection(door.getsockname())
far, _ = door.accept()
with door, near, far:
    near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    one_by_one = cost(near, far, [FRAME] * FRAMES)
    at_once = cost(near, far, [FRAME * FRAMES])
print(f"{FRAMES} frames, one send each:   about {about(one_by_one)} microseconds")
print(f"the same bytes, one send:    about {about(at_once)} microseconds")
assert one_by_one > 4 * at_once, "one large send costs almost as much as 32 small ones"
