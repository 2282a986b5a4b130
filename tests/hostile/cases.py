"""The faults of some groups as parameters of a test."""

import pytest

from . import faults

# These take seconds, for all that they do is to be slow, or to say as much as a system
# keeps. The simulation has a behaviour for each of them, for which nobody waits.
LONG = {
    "drips",
    "members_of_their_room_never_read",
    "one_is_hung_up_on_and_the_name_is_free",
    "one_never_reads_and_talks",
    "takes_slowly_what_is_owed",
}


def of(*groups):
    """Return one parameter for each fault; what cannot be survived yet is skipped."""
    return [
        pytest.param(fault, id=fault.name, marks=marks(fault))
        for fault in faults.every()
        if fault.group in groups
    ]


def marks(fault):
    """Return what keeps the newest step from being held to a fault, or to it always."""
    if fault.is_survived_by(faults.newest()):
        return [pytest.mark.long] if fault.name in LONG else []
    where = f" on {fault.only_on}" if fault.only_on else ""
    return [pytest.mark.skip(reason=f"survived since {fault.since}{where}")]
