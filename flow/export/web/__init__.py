"""A model as one HTML file that runs in a browser, offline: the engine, the page, and the exporter.

`content` is what a page is made of, in arrays and texts. `from_model` makes that of a model on disk, `packing` makes
bytes of it, `page` writes the files. `reading` runs the packed bytes in Python, for `agreement` and `bias_correction`.
`engine/` runs the network in a browser, `page/` is what a person sees.
"""
