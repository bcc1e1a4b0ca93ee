"""`python -m liftlock` is `liftlock`.

Ctrl-C while the first modules are read ends the process without a word, as it should: Python's
own answer would be a traceback. `main` sets it right.
"""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from liftlock.cli.main import main

if __name__ == '__main__':
    main()
