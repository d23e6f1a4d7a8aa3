"""`/queue mine` and `/queue server`: what waits and runs, and for how long.

command  the commands
cards    the embeds
"""
