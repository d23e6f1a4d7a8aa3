"""`/model` and `/models`.

command    `/model`: versions, names, export and import
available  `/models`: which models can compose
buttons    Promote, Roll back, Discard
cards      the embeds of a server's models
"""
