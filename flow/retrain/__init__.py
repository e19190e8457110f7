"""The retrain step: training_photos/ -> a new model under training_summaries/; or many models (`explore`).

Takes a basetag and parameters, gives a model. Reads training photos, writes models and caches.
"""
