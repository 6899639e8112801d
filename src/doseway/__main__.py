"""`python -m doseway` is `doseway`."""

from doseway.cli.main import main

if __name__ == "__main__":
    main()
