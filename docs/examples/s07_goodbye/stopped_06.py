"""What becomes of step 06, and of its clients, when it is stopped on this Python."""

from lab.commands.versions import show

show("06")
