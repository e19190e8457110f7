"""What the program remembers of images: the catalogue of a basetag, who labelled what, journals of moves, score logs.

Folders are the truth; these rows explain them. Takes folders and facts, gives labels, sortings and moves done or taken
back. May touch the basetag's folders and its SQLite file; knows no network and no model.
"""
