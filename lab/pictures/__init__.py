"""Pictures of what runs: tasks over time, messages between peers, bytes that wait."""
