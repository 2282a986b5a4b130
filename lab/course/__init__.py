"""The course: what changes from step to step, and the exercises."""
