"""A step can be put to faults of later ones: what it has no limit for is not lifted."""

import pytest

from lab import story

from .scene import Scene

LATER = {"RATE": "1e9", "MAX_ROOMS": "3000"}


async def test_settings_that_a_step_has_not_are_left_out():
    async with Scene.set(story.find("09"), LATER) as scene:
        assert scene.server.process.returncode is None


async def test_a_setting_that_does_not_fit_is_not_passed_over():
    with pytest.raises(OSError, match="RATE"):
        async with Scene.set(story.find("12"), {"RATE": "fast"}):
            pass
