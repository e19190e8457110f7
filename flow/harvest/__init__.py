"""The harvest step: sorted_ label folders -> training data, and back (`undo`); `approve` for whole folders;
`take` and `taught` for copies of sorted folders of a person's own and of pictures named at the check page.

Takes a basetag, gives counts. May touch sorted_, harvested_ and training_photos through journalled moves.
"""
