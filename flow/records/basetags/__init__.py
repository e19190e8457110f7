"""A basetag as a whole: backed up, renamed, put away and brought back, by a journal that the next run finishes.

Takes a basetag, gives a zip file, another name, or a folder in removed/. Nothing is deleted. Logs, embeddings and
exports are left where they are: they can be made again.
"""
