"""`/model` and `/models`.

command  what can compose now; versions, names, export and import of a server's models, and the buttons about them
cards    the embeds of a server's models
"""
