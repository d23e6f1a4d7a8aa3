"""`/dataset`, and *Add to data set* in the menu of a message.

command   the command
add_form  the entry in the menu, and its form
uploads   the cheap checks of attached files, and their download
cards     the embeds of data sets, and of files that were added; licences in words
"""
