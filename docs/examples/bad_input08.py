"""Mallory sends the same to step 08."""

from docs.examples.bad_input07 import show

show("08")
