"""The faults of a group as parameters of a test."""

import pytest

from . import faults


def of(group):
    """Return one parameter for each fault; what cannot be survived yet is skipped."""
    return [
        pytest.param(fault, id=fault.name, marks=marks(fault))
        for fault in faults.of(group)
    ]


def marks(fault):
    """Return what keeps the newest step from being held to a fault."""
    if fault.is_survived_by(faults.newest()):
        return []
    where = f" on {fault.only_on}" if fault.only_on else ""
    return [pytest.mark.skip(reason=f"survived since {fault.since}{where}")]
