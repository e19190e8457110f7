"""Fetching over HTTP with manners: guarded against private addresses, watched by a clock, retried, polite to hosts.

Takes URLs, gives bytes or a reason. May touch the network and nothing on disk.
"""
