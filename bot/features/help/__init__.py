"""`/help`, `/ping`, and the welcome on a new server.

command  `/help` and `/ping`
welcome  the message after the bot joined a server
"""
