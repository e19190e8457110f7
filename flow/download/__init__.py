"""The download step: offers of the sources -> new images in unsorted_{searchtag}/, every one accounted for.

Takes a wanted number and sources; gives counts. May touch unsorted_ folders, the quarantine and the catalogue.
"""
