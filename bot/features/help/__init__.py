"""`/help` and `/ping`.

command  `/help`
ping     `/ping`
"""
