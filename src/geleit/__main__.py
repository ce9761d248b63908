"""``python -m geleit`` is the ``geleit`` command."""

from geleit.cli.app import main

main()
