#!/usr/bin/env python3
"""Fetches and posts over HTTP/3 with curl_cffi (PyPI): libcurl on ngtcp2, nghttp3 and BoringSSL.

    h3_curl.py HOST PORT NAME CA_FILE

The server must offer `GET /` ("Hello World!"), `/echo` (the request's body), `/big?N` (N bytes of x),
`/fields` (the request's fields, one in a line) and `/status?N`. Prints one line for each step; the exit status is 0 if
all went well, and 77 if curl_cffi is not installed.
"""

import sys

try:
    from curl_cffi import CurlHttpVersion, CurlOpt, requests
except ImportError:
    sys.exit(77)

LIMIT = 60


def check(name, found, expected):
    if found != expected:
        print(f"FAILED {name}: {found!r} instead of {expected!r}")
        sys.exit(1)
    print(f"ok {name}")


def main(host, port, name, ca_file):
    options = {CurlOpt.RESOLVE: [f"{name}:{port}:{host}"]}
    url = f"https://{name}:{port}"
    with requests.Session(
        curl_options=options, verify=ca_file, http_version="v3only", timeout=LIMIT, trust_env=False
    ) as session:
        answer = session.get(f"{url}/")
        check("version", answer.http_version, CurlHttpVersion.V3)
        check("get", (answer.status_code, answer.content), (200, b"Hello World!"))
        body = bytes(range(256)) * 2000
        answer = session.post(f"{url}/echo", data=body)
        check("post", (answer.status_code, answer.content == body), (200, True))
        check("large", len(session.get(f"{url}/big?3000000").content), 3_000_000)
        answer = session.get(f"{url}/fields", headers={"x-one": "1"}, cookies={"a": "b"})
        lines = answer.text.splitlines()
        check("fields", ("x-one: 1" in lines, "cookie: a=b" in lines), (True, True))
        check("head", (session.head(f"{url}/").status_code), 200)
        check("missing", session.get(f"{url}/status?404").status_code, 404)


main(*sys.argv[1:5])
