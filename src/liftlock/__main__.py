"""`python -m liftlock` is `liftlock`."""

from liftlock.cli.main import main

if __name__ == '__main__':
    main()
