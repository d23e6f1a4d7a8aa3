"""`/privacy` and `/forget-me`.

command    the commands, and the button that confirms
retention  what is kept and for how long, from the settings
"""
