"""The flood that was too fast for step 10, now against step 11."""

from docs.examples.s10_silence.too_fast import played

played("11")
