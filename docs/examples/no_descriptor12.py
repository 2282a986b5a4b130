"""What becomes of step 12 when no descriptor is left, beside step 11 (Linux)."""

from docs.examples.no_descriptor import show

show("11", "12")
