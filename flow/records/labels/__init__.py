"""Labels that change: renamed, merged, split and removed, by a journal that is finished after a kill and can be undone.

Takes labels and what they shall be called, gives folders and rows in which every image keeps who labelled it, how it
was sampled and whether it is held out. `history.py` tells what a label of back then is called today.
"""
