"""The front door: arguments or the guide's questions -> a plan -> the steps -> one line and one exit code.

Takes what a person typed. Calls every step; nothing else imports it.
"""
