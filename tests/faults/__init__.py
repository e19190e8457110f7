"""Faults on purpose: kills, full disks, signals and hostile input, and what must hold after each.

`python -m tests.faults` runs them all and prints the figures; the tests in tests/ run a sample.

    runner.py    a small process that has everything imported and forks a child for each run of the program
    points.py    counts the file operations of that child, and breaks it at the nth
    world.py     small data folders to break things in, and what they come to
    kills.py     killed (or stopped, or without disk) at every operation, then run again
    hostile.py   damaged images and hostile names by the thousand
    answers.py   answers no honest host gives, through a real socket
    cases.py     the table of fault cases and the tests that show each
"""
