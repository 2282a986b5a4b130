"""The same clients connect to step 08."""

from docs.examples.utils02_strict_messages.half_sent_07 import show

show("08")
