"""How fast: ratios from one run, printed as tables (`python -m scripts.bench`)."""
