"""What happens to step 06 and its clients when it is stopped on this Python."""

from lab.commands.versions import show

show("06")
