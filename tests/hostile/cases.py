"""The faults of a group as parameters of a test."""

import pytest

from . import faults


def of(group):
    """Return one parameter for each fault; what a later step survives is skipped."""
    newest = faults.newest()
    return [
        pytest.param(
            fault,
            id=fault.name,
            marks=[]
            if fault.is_survived_by(newest)
            else pytest.mark.skip(reason=f"survived since {fault.since}"),
        )
        for fault in faults.of(group)
    ]
