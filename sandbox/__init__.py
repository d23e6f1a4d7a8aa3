"""A local stand-in for Discord, and the supervisor that starts the whole system around it.

- `discord`         Discord's side of the wire: gateway, REST, files (a package with a map of its own)
- `schema`          Discord's published description of request bodies
- `local_discord`   all of it as one server on loopback
- `client_api`      what the chat page talks to
- `client_actions`  a person's command, click or form becomes an interaction
- `command_options` what Discord's own client checks in a command; `control_values`: in a menu or a form's field
- `form_answers`    a form that was filled in; `resolved`: what an interaction's ids stand for
- `supervisor`      starts the whole system and ends it
- `child`           one process, kept running; `leash` sees that it never outlives the supervisor
- `valkey`          the queue's server
- `guest`           a guest at the page, without the page
- `settings`        what is read from the environment; `errors`: what is said when it cannot start
- `clock`           a time of day that tests can move
- `page`            the chat page

Everything of the local Discord (messages, files, commands) lives in memory and is gone when it ends; what the queue
keeps for it is thrown away at the next start. Ids of the guild, its channel and its roles stay the same.
"""
