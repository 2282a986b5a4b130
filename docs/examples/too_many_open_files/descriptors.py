"""The numbers that the operating system gives to open sockets."""

import socket


def main() -> None:
    """Listen, let three clients connect, and accept them."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print("the listening socket:", listening.fileno())
        clients = [socket.create_connection(listening.getsockname()) for _ in range(3)]
        for client in clients:
            client.sendall(b"hello")  # not accepted yet
        print("three clients:", *(client.fileno() for client in clients))
        accepted = [listening.accept()[0] for _ in clients]
        print("accepted:", *(connection.fileno() for connection in accepted))
        print("the first client says:", accepted[0].recv(100))
        accepted[1].close()
        clients.append(socket.create_connection(listening.getsockname()))
        print("one is closed, and a new client gets:", clients[-1].fileno())
        for connection in clients + accepted:
            connection.close()


main()
