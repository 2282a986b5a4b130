"""How long step 10 keeps a client that sends nothing, beside step 09."""

from docs.examples.s10_silence.who_stays_09 import main

main("09", "10")
