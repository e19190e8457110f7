"""The program's voice: `console` is the only module that prints or reads, `texts` holds the long ones.

`keys` is the console's own: what was typed ahead.

Takes sentences, gives answers. May touch the terminal and the log. Imports `base` only.
"""
