"""Try a running shop: `python smoke.py http://127.0.0.1:8000`. Exits with 1 if it does not sell."""

import json
import sys
import time
import urllib.request


def wait_until_healthy(url: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2) as response:
                print("health:", response.read().decode())
                return
        except OSError:
            if time.monotonic() > end:
                sys.exit(f"::error title=Smoke test::nothing answers at {url}")
            time.sleep(0.1)


def order(url: str) -> None:
    body = json.dumps({"items": {"tea": 2}}).encode()
    with urllib.request.urlopen(f"{url}/orders", body, timeout=5) as response:
        answer = json.load(response)
    print("order:", answer)
    if answer["cents"] != 900:
        sys.exit(f"::error title=Smoke test::2 teas cost {answer['cents']} cents, expected 900")


if __name__ == "__main__":
    wait_until_healthy(sys.argv[1], 10)
    order(sys.argv[1])
