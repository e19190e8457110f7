"""The program's voice: `console` is the only module that prints or reads, `words` holds the long texts.

`keys` and `pager` are the console's own: keys as they are pressed, long texts page by page.

Takes sentences, gives answers. May touch the terminal and the log. Imports `base` only.
"""
