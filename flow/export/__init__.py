"""Taking it along: a model as a folder of TFLite files, the training images as a plain imagefolder, and a try.

Takes a basetag and a model, gives a new folder, or what the model says of pictures. Reads models, training photos and
the catalogue; writes only where it is told to, and never over anything.
"""
