"""A customer who looks at the goods again and again, and counts what goes wrong.

python client.py URL: until it is interrupted or ended; then it tells.
"""

import signal
import sys
import time
import urllib.request

PAUSE = 0.01  # seconds between two looks


def main(url: str) -> None:
    served, failed = 0, 0
    going = True

    def stop(*_: object) -> None:
        nonlocal going
        going = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while going:
        try:
            with urllib.request.urlopen(f"{url}/products", timeout=5) as answer:
                answer.read()
            served += 1
        except OSError as error:
            failed += 1
            print(f"customer: {error}", flush=True)
        time.sleep(PAUSE)
    print(f"A customer asked {served + failed} times meanwhile; {failed} requests failed.")


if __name__ == "__main__":
    main(sys.argv[1])
