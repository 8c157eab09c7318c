"""`python -m sciinstruct` is the command `sciinstruct`."""

from .cli.main import main

main()
