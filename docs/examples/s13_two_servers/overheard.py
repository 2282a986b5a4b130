"""Alice and Bob talk through step 13, and Eve's program sits in between."""

import asyncio
from asyncio import StreamReader, StreamWriter
from types import SimpleNamespace

from lab import connect, simulation, start
from lab.host import Running
from lab.wire import Decoder


async def main() -> None:
    """Forward all bytes between Alice and the server, and print her messages."""
    async with await start("13") as server:

        async def forwards(reader: StreamReader, writer: StreamWriter) -> None:
            await both_ways(reader, writer, server)

        eve = await asyncio.start_server(forwards, "127.0.0.1", 0)
        on_the_way = SimpleNamespace(address=eve.sockets[0].getsockname()[:2])
        alice = await connect(on_the_way, "alice")
        await alice.join("tea")
        bob = await server.connect("bob")
        await bob.join("tea")
        await alice.say("tea", "The key is under the flowerpot.")
        print("Bob gets:", (await bob.hear("chat"))["message"])
        await alice.close()
        eve.close()


async def both_ways(reader: StreamReader, writer: StreamWriter, to: Running) -> None:
    """Copy bytes in both directions until one end is closed."""
    answers, requests = await asyncio.open_connection(*to.address)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(copy(answers, writer))
        tasks.create_task(copy(reader, requests, "Eve reads:"))


async def copy(reader: StreamReader, writer: StreamWriter, says: str = "") -> None:
    """Copy the bytes of one direction; with ``says``, print its chat messages."""
    decoder = Decoder()
    while data := await reader.read(65536):
        for message in decoder.feed(data):
            if says and message["action"] == "chat":
                print(says, message["message"])
        writer.write(data)
    writer.close()


if __name__ == "__main__":
    simulation.run(main())
