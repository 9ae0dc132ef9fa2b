"""A chat room over WebSocket behind nginx: echoes what a client says and sends ticks in between.

Usage: websocket_server.py PORT   (plain, on 127.0.0.1; nginx adds TLS)
"""

import asyncio
import random
import sys

import websockets


async def tick(socket, rng: random.Random) -> None:
    while True:
        await asyncio.sleep(rng.expovariate(1 / rng.uniform(0.3, 1.5)))
        await socket.send(rng.randbytes(rng.randrange(20, 300)).hex()[: rng.randrange(40, 400)])


async def serve_client(socket) -> None:
    rng = random.Random()
    ticks = asyncio.create_task(tick(socket, rng))
    try:
        async for message in socket:
            for _ in range(rng.choice((1, 1, 1, 2, 3))):  # other members of the room answer
                await asyncio.sleep(rng.uniform(0.01, 0.2))
                await socket.send(message[: rng.randrange(10, len(message) + 10)])
    except websockets.ConnectionClosed:
        pass
    finally:
        ticks.cancel()


async def main() -> None:
    async with websockets.serve(serve_client, "127.0.0.1", int(sys.argv[1])):
        await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(main())
