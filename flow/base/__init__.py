"""What every room stands on: errors, names, paths, files that are never half there, locks, settings, the log.

May touch the disk through `files`; knows nothing of images, labels, models or the screen. Imports nothing of ours but
`config`.
"""
