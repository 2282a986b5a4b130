"""What happens to step 12 when no descriptor is left, beside step 11 (Linux)."""

from docs.examples.too_many_open_files.no_descriptor_11 import show

for figures in show("11", "12")[1:]:
    assert figures["complaints"] == "0", "step 12 logs errors of asyncio's"
