#!/usr/bin/env python3
"""Talks to a WebTransport session with aioquic (PyPI), a client that shares no code with the server.

    web_transport_aioquic.py HOST PORT NAME CA_FILE

The server must offer `/session`: it greets with `session N` on a stream of its own, answers each stream with its
text in upper case, and ends the session with code 7 when it reads `close`. Prints one line for each step; the exit
status is 0 if all went well, and 77 if aioquic is not installed.
"""

import asyncio
import sys

try:
    from aioquic.asyncio.client import connect
    from aioquic.asyncio.protocol import QuicConnectionProtocol
    from aioquic.h3.connection import H3_ALPN, H3Connection
    from aioquic.h3.events import DataReceived, HeadersReceived, WebTransportStreamDataReceived
    from aioquic.quic.configuration import QuicConfiguration
    from aioquic.quic.events import StreamDataReceived
except ImportError:
    sys.exit(77)

LIMIT = 60


class Client(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.http = H3Connection(self._quic, enable_webtransport=True)
        self.changed = asyncio.Event()
        self.heads, self.bodies, self.streams, self.own, self.ended = {}, {}, {}, set(), set()

    def quic_event_received(self, event):
        if isinstance(event, StreamDataReceived) and event.stream_id in self.own:
            # aioquic looks for frames where the server answers on a stream of the client: there are none.
            self.streams.setdefault(event.stream_id, bytearray()).extend(event.data)
            if event.end_stream:
                self.ended.add(event.stream_id)
            self.changed.set()
            return
        for http_event in self.http.handle_event(event):
            if isinstance(http_event, HeadersReceived):
                self.heads[http_event.stream_id] = dict(http_event.headers)
            elif isinstance(http_event, DataReceived):
                self.bodies.setdefault(http_event.stream_id, bytearray()).extend(http_event.data)
            elif isinstance(http_event, WebTransportStreamDataReceived):
                self.streams.setdefault(http_event.stream_id, bytearray()).extend(http_event.data)
            if getattr(http_event, "stream_ended", False):
                self.ended.add(http_event.stream_id)
        self.changed.set()

    async def until(self, find):
        async def wait():
            while (found := find()) is None:
                self.changed.clear()
                await self.changed.wait()
            return found

        return await asyncio.wait_for(wait(), LIMIT)

    async def session(self, authority):
        stream = self._quic.get_next_available_stream_id()
        head = [
            (b":method", b"CONNECT"),
            (b":protocol", b"webtransport"),
            (b":scheme", b"https"),
            (b":authority", authority.encode()),
            (b":path", b"/session"),
            (b"sec-webtransport-http3-draft02", b"1"),
        ]
        self.http.send_headers(stream, head)
        self.transmit()
        return stream, await self.until(lambda: self.heads.get(stream))

    def send(self, session, text, is_unidirectional=False):
        stream = self.http.create_webtransport_stream(session, is_unidirectional)
        self.own.add(stream)
        self._quic.send_stream_data(stream, text, end_stream=True)
        self.transmit()
        return stream

    async def whole(self, stream):
        await self.until(lambda: True if stream in self.ended else None)
        return bytes(self.streams.get(stream, b""))

    async def says(self, text):
        """Waits until a stream of the server, whichever, has this text."""
        served = lambda: next((s for s, data in self.streams.items() if s % 4 == 3 and data == text), None)
        return await self.until(served)


def check(name, found, expected):
    if found != expected:
        print(f"FAILED {name}: {found!r} instead of {expected!r}")
        sys.exit(1)
    print(f"ok {name}")


async def main(host, port, name, ca_file):
    configuration = QuicConfiguration(
        is_client=True, alpn_protocols=H3_ALPN, server_name=name, max_datagram_frame_size=65536
    )
    configuration.load_verify_locations(ca_file)
    async with connect(host, int(port), configuration=configuration, create_protocol=Client) as client:
        session, head = await client.session(name)
        check("session", head[b":status"], b"200")
        check("draft", head.get(b"sec-webtransport-http3-draft"), b"draft02")
        check("greeting", await client.says(f"session {session}".encode()) % 4, 3)
        check("both directions", await client.whole(client.send(session, b"hello")), b"HELLO")
        text = b"abc" * 100_000
        check("large", await client.whole(client.send(session, text)) == text.upper(), True)
        many = [client.send(session, f"stream {number}".encode()) for number in range(50)]
        answers = [await client.whole(stream) for stream in many]
        check("many", answers, [f"STREAM {number}".encode() for number in range(50)])
        client.send(session, b"one way", is_unidirectional=True)
        check("one direction", await client.says(b"ONE WAY") % 4, 3)
        # What is sent of datagrams is dropped, and harms nothing.
        client.http.send_datagram(session, b"a datagram")
        check("after a datagram", await client.whole(client.send(session, b"still here")), b"STILL HERE")
        client.send(session, b"close")
        await client.until(lambda: True if session in client.ended else None)
        check("close", bytes(client.bodies[session]), b"\x68\x43\x04\x00\x00\x00\x07")


asyncio.run(main(*sys.argv[1:5]))
