"""The same clients call step 08."""

from docs.examples.announced07 import show

show("08")
