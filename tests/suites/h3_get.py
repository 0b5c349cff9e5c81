#!/usr/bin/env python3
"""Fetches over one HTTP/3 connection with aioquic (PyPI), a client that shares no code with the server.

    h3_get.py HOST PORT NAME CA_FILE METHOD:PATH...

Posts carry 300,000 bytes. Prints the status, the body and the trailers of each answer, a line each; the exit status is 77 if aioquic is
not installed.
"""

import asyncio
import sys

# Ends with 77 without aioquic.
from h3_aioquic import H3_ALPN, Client, QuicConfiguration, connect


async def main(host, port, name, ca_file, requests):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=name)
    configuration.load_verify_locations(ca_file)
    async with connect(host, int(port), configuration=configuration, create_protocol=Client) as client:
        for request in requests:
            method, path = request.split(":", 1)
            body = b"x" * 300_000 if method == "POST" else b""
            sections, answer = await client.fetch(name, method, path, body)
            trailers = [f"{key.decode()}={value.decode()}" for key, value in sections[-1].items() if len(sections) > 1]
            print(sections[0][b":status"].decode(), answer.decode().rstrip("\n"), *trailers)


asyncio.run(main(*sys.argv[1:5], sys.argv[5:]))
