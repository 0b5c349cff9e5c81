#!/usr/bin/env python3
"""Fetches and posts over HTTP/3 with aioquic (PyPI), a client that shares no code with the server.

    h3_aioquic.py HOST PORT NAME CA_FILE

The server must offer `GET /` ("Hello World!"), `/echo` (the request's body), `/big?N` (N bytes of x) and
`/trailers` (after the body: x-after: all). Prints one line for each step; the exit status is 0 if all
went well, and 77 if aioquic is not installed.
"""

import asyncio
import sys

try:
    from aioquic.asyncio.client import connect
    from aioquic.asyncio.protocol import QuicConnectionProtocol
    from aioquic.h3.connection import H3_ALPN, H3Connection
    from aioquic.h3.events import DataReceived, HeadersReceived
    from aioquic.quic.configuration import QuicConfiguration
    from aioquic.quic.events import StreamReset
except ImportError:
    sys.exit(77)


class Client(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.http = H3Connection(self._quic)
        self.running = {}

    def quic_event_received(self, event):
        if isinstance(event, StreamReset) and event.stream_id in self.running:
            self.running.pop(event.stream_id)[1].set_exception(RuntimeError(f"reset {event.error_code:#x}"))
        for http_event in self.http.handle_event(event):
            running = self.running.get(getattr(http_event, "stream_id", None))
            if running is None:
                continue
            sections, done, body = running
            if isinstance(http_event, HeadersReceived):
                sections.append(dict(http_event.headers))
            elif isinstance(http_event, DataReceived):
                body.extend(http_event.data)
            if http_event.stream_ended and not done.done():
                done.set_result(None)

    async def fetch(self, authority, method, path, body=b"", trailers=None, fields=()):
        stream = self._quic.get_next_available_stream_id()
        head = [
            (b":method", method.encode()),
            (b":scheme", b"https"),
            (b":authority", authority.encode()),
            (b":path", path.encode()),
            *fields,
        ]
        sections, done, received = [], asyncio.get_running_loop().create_future(), bytearray()
        self.running[stream] = (sections, done, received)
        self.http.send_headers(stream, head, end_stream=not body and not trailers)
        if body:
            self.http.send_data(stream, body, end_stream=not trailers)
        if trailers:
            self.http.send_headers(stream, trailers, end_stream=True)
        self.transmit()
        await asyncio.wait_for(done, 60)
        return sections, bytes(received)


def check(name, found, expected):
    if found != expected:
        print(f"FAILED {name}: {found!r} instead of {expected!r}")
        sys.exit(1)
    print(f"ok {name}")


async def main(host, port, name, ca_file):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=name)
    configuration.load_verify_locations(ca_file)
    async with connect(host, int(port), configuration=configuration, create_protocol=Client) as client:
        sections, body = await client.fetch(name, "GET", "/")
        check("get", (sections[0][b":status"], body), (b"200", b"Hello World!"))
        text = bytes(range(256)) * 2000
        sections, body = await client.fetch(name, "POST", "/echo", text)
        check("post", (sections[0][b":status"], body == text), (b"200", True))
        _, body = await client.fetch(name, "GET", "/big?3000000")
        check("large", len(body), 3_000_000)
        sections, body = await client.fetch(name, "POST", "/trailers", b"abc", [(b"x-sum", b"3")])
        check("trailers", (sections[-1].get(b"x-after"), body), (b"all", b"x-sum: 3\n"))
        sections, body = await client.fetch(name, "HEAD", "/")
        check("head", (sections[0][b":status"], body), (b"200", b""))
        answers = await asyncio.gather(*(client.fetch(name, "GET", "/") for _ in range(90)))
        check("many", {body for _, body in answers}, {b"Hello World!"})
        # A request that is malformed harms only itself.
        try:
            await client.fetch(name, "GET", "/", fields=[(b"connection", b"close")])
            check("malformed", "answered", "reset")
        except RuntimeError as error:
            check("malformed", str(error), "reset 0x10e")
        sections, _ = await client.fetch(name, "GET", "/")
        check("after that", sections[0][b":status"], b"200")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
