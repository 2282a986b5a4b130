"""The same that was too fast for step 10, and step 11."""

from docs.examples.s10_silence.too_fast import played

played("11")
