"""Pictures -> vectors -> a trained, calibrated, measured head on disk.

Takes files and parameters, gives models. Reads pictures and backbones; writes caches and model folders where told.
"""
