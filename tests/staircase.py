"""How long to wait for a step, by whether the staircase says that it can answer."""

PATIENT = 10.0  # seconds, where an answer has to come: a busy machine is no failure
IMPATIENT = 0.1  # seconds, where none can come: the steps below a behaviour are silent
