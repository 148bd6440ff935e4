"""`python -m cordyna`: the program."""

import sys

from .cli import main

sys.exit(main())
