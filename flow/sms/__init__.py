"""Text messages through Twilio; a failed one is one warning line and changes nothing else.

Takes what happened, gives nothing back. May touch the network and logs/notified.json.
"""
