"""How long step 10 keeps those from whom nothing comes, beside step 09."""

from docs.examples.who_stays09 import main

main("09", "10")
