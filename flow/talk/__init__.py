"""The program's voice: `console` is the only module that prints or reads, `words` holds the long texts.

Takes sentences, gives answers. May touch the terminal and the log. Imports `base` only.
"""
