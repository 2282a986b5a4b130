"""The same that was too fast for step 10, and step 11."""

from docs.examples.too_fast10 import played

played("11")
