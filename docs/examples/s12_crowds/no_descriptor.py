"""What becomes of step 12 when no descriptor is left, beside step 11 (Linux)."""

from docs.examples.s12_crowds.no_descriptor_11 import show

show("11", "12")
