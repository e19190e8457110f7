"""Quality control in the browser: pages of pictures with one guess, a key for each label, nothing to drag.

Comes in: a basetag's sorted_ folders, its likely mislabelled training images, or the heap in its unsorted_ folders,
and the person at the page. Goes out: every picture where the person says, each decision a row in the catalogue
(`flow/records/decisions.py`), and one line of what was done. May touch those folders, the quarantine, thumbnails, and
127.0.0.1, never another address.

    board.py            what a page of pictures is, and what a board answers
    deciding.py         a board whose decisions are journalled: saying, undoing, counting    pace.py   how fast
    sorted_board.py     the sorted_ folders, one guess a page          listing.py   what lies in them
    training_board.py   the training images that may be mislabelled
    teach_board.py      the unsorted_ folders, the telling ones first  pile.py      what lies in them
    standing.py         what is learned meanwhile, and how good it is  behind.py    in threads of their own
    server.py           the web pages of it, on 127.0.0.1 only         guard.py     who may ask
    desk.py             answers questions one after another            thumbs.py    small pictures
    robot.py            what the best model says of a picture dropped on the page, and what is most like one
    step.py             opens, waits, and says what was done           opening.py   the browser
    page/               what the browser gets: one template, one style sheet, a few modules, nothing from outside
"""
