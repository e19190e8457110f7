"""Trained models on disk: list them, check them, run them, compare them.

Takes a basetag, gives its models, how good they are, and their predictions. Reads training_summaries/ and backbones,
writes only caches.
"""
