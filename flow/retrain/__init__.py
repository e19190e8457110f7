"""The retrain step: training_photos/ -> a new model under training_summaries/; or many models (`explore`).

Takes a basetag and parameters, gives a model. Reads training photos, writes models and caches.

    step.py          one training, and what --tune auto tries besides     explore.py     every combination of parameters
    try_harder.py    which ways there are, and the best of them           tuning.py      the backbone's last layers
    background.py    the same in a process of its own                     publish.py     a model gets its folder
"""
