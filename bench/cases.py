"""The loads that are measured."""

from bench.job import Phase

QUIET = Phase("quiet", publishers=1, in_flight=1)
BUSY = Phase("busy", publishers=1, in_flight=32)
CROWD = Phase("crowd", publishers=16, in_flight=16)
HEADLINE = (QUIET, BUSY, CROWD)
