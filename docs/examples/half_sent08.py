"""The same clients call step 08."""

from docs.examples.half_sent07 import show

show("08")
