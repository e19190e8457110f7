"""The harvest step: sorted_ label folders -> training data, and back (`undo`); `approve` for whole folders;
`import_sorted` and `import_decisions` copy a person's own sorted folders and the images labelled on the check page.

Takes a basetag, gives counts. Changes sorted_, harvested_ and training_photos only by journalled moves.
"""
