"""`python -m yoriai` is the `yoriai` command."""

from yoriai.cli.main import main

if __name__ == "__main__":
    main()
