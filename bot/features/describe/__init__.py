"""`/describe`, and *Describe* in the menu of a message.

command  the command and the entry in the menu
cards    the embed of a described file, with its picture
"""
