#!/usr/bin/env python3
"""Begins a request over HTTP/3 with aioquic (PyPI), and leaves.

    h3_leave.py HOST PORT NAME CA_FILE PATH close|stop|reset

The connection ends (`close`), the response is refused (`stop`), or a request that has no end yet is given up (`reset`).
With the latter two the connection goes on until standard input ends. The exit status is 77 if aioquic is not installed.
"""

import asyncio
import sys

# Ends with 77 without aioquic.
from h3_aioquic import H3_ALPN, Client, QuicConfiguration, check, connect

# RFC 9114 section 8.1.
H3_REQUEST_CANCELLED = 0x10C


async def main(host, port, name, ca_file, path, way):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=name)
    configuration.load_verify_locations(ca_file)
    async with connect(host, int(port), configuration=configuration, create_protocol=Client) as client:
        # The handshake is over, also for the server.
        _, body = await client.fetch(name, "GET", "/")
        check("before", body, b"Hello World!")
        stream = client._quic.get_next_available_stream_id()
        head = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", name.encode()), (b":path", path.encode())]
        client.http.send_headers(stream, head, end_stream=way != "reset")
        client.transmit()
        # Its answer shows that what was sent ahead of it has arrived.
        await client.fetch(name, "GET", "/")
        if way == "stop":
            client._quic.stop_stream(stream, H3_REQUEST_CANCELLED)
        elif way == "reset":
            client._quic.reset_stream(stream, H3_REQUEST_CANCELLED)
        if way != "close":
            client.transmit()
            _, body = await client.fetch(name, "GET", "/")
            check("after", body, b"Hello World!")
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:7]))
