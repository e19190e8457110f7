"""Trained models on disk: list them, check them, run them, compare them.

Takes a basetag, gives models, their standing and runners. Reads training_summaries/ and backbones; writes only caches.
"""
