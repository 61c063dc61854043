"""The floor under a signaling server on aiohttp: passes text on to whom its first line names, and nothing else.

    python -m tests.bench.signaling_floor PORT

The first message is "ROOM USER", each further one "USER\\nTEXT".
"""

from __future__ import annotations

import sys

from aiohttp import WSMsgType, web


async def serve(request: web.Request) -> web.WebSocketResponse:
    """One client."""
    everybody = request.app[CLIENTS]
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    name = ""
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            break
        if not name:
            name = message.data.partition(" ")[2]
            everybody[name] = socket
            await socket.send_str("welcome")
            continue
        target, _, text = message.data.partition("\n")
        await everybody[target].send_str(text)
    return socket


CLIENTS = web.AppKey("clients", dict[str, web.WebSocketResponse])


def main() -> None:
    """Serve until ended."""
    app = web.Application()
    app[CLIENTS] = {}
    app.router.add_get("/ws", serve)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
