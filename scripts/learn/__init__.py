"""Images -> embeddings -> a trained, calibrated, measured head on disk.

Takes files and parameters, gives models. Reads images and backbones; writes caches and model folders where asked to.
"""
