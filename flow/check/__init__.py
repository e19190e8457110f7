"""Quality control in the browser: pages of images with one guess, a key for each label, nothing to drag.

Comes in: a basetag's sorted_ folders, its training images that may be mislabelled, or its unlabeled images, and a
person at the page. Goes out: every image where the person says, each decision a row in the catalogue
(`flow/records/decisions.py`), and one line that says what was done. May change those folders, the quarantine and
thumbnails, and talks to 127.0.0.1 only.

    step.py                 opens a session and gives back control where a harvest or a training is wanted
    check_page.py           what each request of the page does       http_server.py  http_guard.py  who may ask
    board.py                decide, undo, count                      pace.py         images a minute
    sorted_board.py         the sorted_ folders                      sorted_listing.py
    training_board.py       the suspects among the training images
    unlabeled_board.py      unlabeled images                         unlabeled_pool.py  session_progress.py
    work.py                 the steps that the page started          trial.py        other ways to train, meanwhile
    main_thread_queue.py    one question after another               latest_task.py     work in a thread
    predictor_service.py    what the best model says                 thumbnails.py  launch_page.py
    page/                   what the browser gets: one template, one style sheet, a few modules, nothing from outside
"""
