"""What ``python -m lab`` can do: a module for each command."""
