"""What learns and measures: `retrain` and `label_image` as in tensorflow-for-poets-2, and what they need.

Knows neither `flow` nor `config`; `flow` imports it inside functions, so that the program starts without numpy.
"""
