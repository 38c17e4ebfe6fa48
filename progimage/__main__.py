"""`python -m progimage`: the `progimage` command."""

from progimage.cli import main

if __name__ == "__main__":
    main()
