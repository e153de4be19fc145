"""`python -m xlflow` is the same as `xlflow`."""

from xlflow.cli.commands import main

if __name__ == "__main__":
    main()
