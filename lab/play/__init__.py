"""Three people, a server, and faults to press: a chat to play with.

``chat`` is a step in the simulation, which somebody outside drives in slices: a page in
the browser, a notebook, a terminal or a test. ``person`` is one of the three.
``player`` plays it for a page, ``terminal`` in a terminal, and ``shown`` shows it as it
is, for a notebook.
"""

from lab.play.chat import Chat

__all__ = ["Chat"]
