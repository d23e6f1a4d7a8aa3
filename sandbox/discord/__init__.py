"""Discord's side of the wire: what a bot can see of it.

- `world`        the guild, its channel, members and applications' commands, and who is told of a change
- `ids`          snowflakes
- `people`       users, members and channels
- `messages`     messages and how they read as JSON
- `interactions` a command or a click on its way to the bot, and its 3 s and 15 min
- `attachments`  files, their signed addresses, and serving them
- `permissions`  permission bits of members and of the bot
- `schema`       Discord's published description of request bodies, applied; `field_errors` says it in Discord's words
- `rules`        limits that the description leaves out
- `errors`       the errors Discord answers with
- `ratelimits`   buckets and their headers
- `switches`     misbehaviour on request, for tests
- `gateway`      sessions, what each was sent, resuming; `gateway_socket`: one connection, its frames and heartbeats
- `rest`         the HTTP routes
"""
