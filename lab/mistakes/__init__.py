"""Wrong versions on purpose, and the kinds of test that find them."""
