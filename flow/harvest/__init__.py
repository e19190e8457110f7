"""The harvest step: sorted_ label folders -> training data, and back (`undo`); `approve` for whole folders.

Takes a basetag, gives counts. May touch sorted_, harvested_ and training_photos through journalled moves.
"""
