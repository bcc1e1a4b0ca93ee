"""Serve the shop on a port."""

import argparse
from wsgiref.simple_server import make_server

from shop import app, stock


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--database", default=":memory:")
    given = parser.parse_args()
    with make_server(given.host, given.port, app.make(stock.connect(given.database))) as server:
        print(f"shop listens on http://{given.host}:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
