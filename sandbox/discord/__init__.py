"""Discord's side of the wire: what a bot can see of it.

- `world`        everything there is: members, messages and applications' commands, and who is told of a change
- `guild`        the one guild, its roles, and the ids that stay the same
- `ids`          snowflakes
- `people`       users, members and channels
- `messages`     messages and how they read as JSON
- `interactions` a command, a click or a form on its way to the bot, and its 3 s and 15 min
- `attachments`  files, their signed addresses, and serving them
- `permissions`  permission bits of members and of the bot
- `schema`       Discord's published description of request bodies, applied; `field_errors` says it in Discord's words
- `rules`        limits of messages that the description leaves out; those of `command_rules`, `form_rules` (modals) and
                 `menu_rules` (what is chosen from)
- `errors`       the errors Discord answers with
- `ratelimits`   buckets and their headers
- `switches`     misbehaviour on request, for tests
- `gateway`      sessions, what each was sent, resuming; `gateway_socket`: one connection, its frames and heartbeats
- `rest`         the HTTP routes
"""
