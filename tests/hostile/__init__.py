"""Hostile clients: they do everything wrong while two others simply want to talk.

The server is the real one, a process of its own, and so are the two. Whatever a fault
does, the two lose nothing and wait for nothing, the process lives and says nothing on
stderr, and what it held for the hostile it lets go of again.

``python -m tests.hostile`` plays everything and prints the figures.
"""
