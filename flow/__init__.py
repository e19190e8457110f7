"""RoboFlow's program: the loop (download, classify, check, harvest, retrain) and its rooms.

ARCHITECTURE.md is the map.
"""
