"""The guided set-up: where a basetag stands, what comes next, and the questions that are left.

Comes in: what was typed so far. Goes out: the words of a whole command, as a person would type them, or an answer to
one question that comes up on the way. Reads the disk, changes nothing. May import the steps and what they share, not
the commands.
"""
