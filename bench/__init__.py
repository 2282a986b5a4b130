"""The benchmark: our steps beside the servers that people would pick instead.

``python -m bench`` measures, in rounds that take turns, what a delivery costs. A load
generator in a process of its own plays the clients, counts every delivery, and refuses
to give a speed for a run in which anything was lost.
"""
