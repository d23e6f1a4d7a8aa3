"""A web page that composes: drop a MIDI file, choose, hear, see, download. `python -m web` serves it.

It stands beside the bot, on the same queue and workers, and needs neither Discord nor an account.

settings  `WebSettings`, from the environment
limits    how many pieces an address may ask for
pieces    from a form to a job, and from a job to what the page shows
server    the routes
page/     the page itself: one HTML file, one style sheet, one script; nothing is built
"""
