"""Stops a server while clients are there, and says what became of it and of them.

A *way* says which server, who is there, and which signal comes. The server is a process
of its own, under any Python; it ends within a bound, by force if need be. The clients
are connections of this process, and each notes what it saw at the end.
"""
