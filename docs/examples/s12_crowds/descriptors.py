"""The numbers that the system gives to what a program has open."""

import socket


def main() -> None:
    """Open a door, be called three times, and let the calls in."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        print("the door:", door.fileno())
        calls = [socket.create_connection(door.getsockname()) for _ in range(3)]
        for call in calls:
            call.sendall(b"hello")  # nobody has let them in yet
        print("three who call:", *(call.fileno() for call in calls))
        inside = [door.accept()[0] for _ in calls]
        print("let in:", *(connection.fileno() for connection in inside))
        print("the first says:", inside[0].recv(100))
        inside[1].close()
        calls.append(socket.create_connection(door.getsockname()))
        print("one is closed, and another calls:", calls[-1].fileno())
        for connection in calls + inside:
            connection.close()


main()
