"""The flowsteps export and try: a model as a folder to hand over or as a web page, the training images as an
imagefolder, and a model's predictions for any image.

Takes a basetag and a model, gives a new folder or predictions. Reads models, training photos and the catalogue; writes
only to the place that was named, and overwrites nothing.
"""
