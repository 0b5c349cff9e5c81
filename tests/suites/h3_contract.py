#!/usr/bin/env python3
"""Talks to the contract app over HTTP/3 with aioquic (PyPI), a client that shares no code with the server.

    h3_contract.py HOST PORT NAME CA_FILE

Prints one line for each step; the exit status is 0 if all went well, and 77 if aioquic is not installed.
"""

import asyncio
import hashlib
import json
import sys

# Ends with 77 without aioquic.
from h3_aioquic import H3_ALPN, Client, QuicConfiguration, check, connect


async def reset(client, name, path):
    """The error code of a response that is cut off."""
    try:
        await client.fetch(name, "GET", path)
    except RuntimeError as error:
        return str(error)
    return "whole"


async def main(host, port, name, ca_file):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=name)
    configuration.load_verify_locations(ca_file)
    async with connect(host, int(port), configuration=configuration, create_protocol=Client) as client:
        sections, body = await client.fetch(name, "GET", "/")
        check("get", (sections[0][b":status"], body), (b"200", b"Hello World!"))
        _, body = await client.fetch(name, "GET", "/info")
        info = json.loads(body)
        check("info", (info["protocol"], info["scheme"], info["host"]), ("HTTP/3", "https", name))
        check("tls", (info["tls"]["protocol"], info["tls"]["sni"]), ("TLS 1.3", name))
        data = bytes(range(256)) * 8000
        length = [(b"content-length", str(len(data)).encode())]
        for fields, known in ((length, str(len(data))), ([], "")):
            _, body = await client.fetch(name, "POST", "/echo?a=b", data, fields=fields)
            head, _, echoed = body.partition(b"\n\n")
            check("echo", head.decode(), f"method=POST\ntarget=/echo?a=b\nlength={known}")
            check("echo's body", hashlib.sha256(echoed).digest(), hashlib.sha256(data).digest())
        _, body = await client.fetch(name, "PUT", "/upload", data, fields=length)
        check("upload", body.decode().strip(), f"{len(data)} {hashlib.sha256(data).hexdigest()}")
        _, sized = await client.fetch(name, "GET", "/big?size=8000000")
        _, chunked = await client.fetch(name, "GET", "/big?size=8000000&chunked=1")
        check("large", (len(sized), sized == chunked), (8_000_000, True))
        sections, body = await client.fetch(name, "POST", "/trailers", b"abc")
        check("trailers", (sections[-1].get(b"x-count"), body), (b"3", b"abc"))
        check("abort", await reset(client, name, "/abort"), "reset 0x102")
        check("late error", await reset(client, name, "/throw-late"), "reset 0x102")
        sections, _ = await client.fetch(name, "GET", "/throw")
        check("error", sections[0][b":status"], b"500")
        answers = await asyncio.gather(*(client.fetch(name, "GET", "/wait?ms=20") for _ in range(100)))
        check("many", {body for _, body in answers}, {b"waited 20 ms\n"})
        _, body = await client.fetch(name, "GET", "/info")
        check("connection", json.loads(body)["connection_id"], info["connection_id"])


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
