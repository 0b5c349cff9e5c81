#!/usr/bin/env python3
"""Fetches over HTTP/3 with aioquic (PyPI), and says when the answer has begun.

    h3_stay.py HOST PORT NAME CA_FILE PATH

Prints `begun`, and the length of the body at the end. The exit status is 77 if aioquic is not installed.
"""

import asyncio
import sys

# Ends with 77 without aioquic.
from h3_aioquic import H3_ALPN, Client, QuicConfiguration, connect


async def main(host, port, name, ca_file, path):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=name)
    configuration.load_verify_locations(ca_file)
    async with connect(host, int(port), configuration=configuration, create_protocol=Client) as client:
        fetching = asyncio.create_task(client.fetch(name, "GET", path))
        while not any(sections for sections, _, _ in client.running.values()):
            await asyncio.sleep(0)
        print("begun", flush=True)
        _, body = await fetching
        print(len(body))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:6]))
