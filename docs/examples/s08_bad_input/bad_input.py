"""Mallory sends the same to step 08."""

from docs.examples.s08_bad_input.bad_input_07 import show

show("08")
