"""A local stand-in for Discord, and the supervisor that starts the whole system around it.

- `discord`         Discord's side of the wire: gateway, REST, files (a package with a map of its own)
- `schema`          Discord's published description of request bodies
- `local_discord`   all of it as one server on loopback
- `client_api`      what the chat page talks to
- `client_actions`  a person's command or click becomes an interaction
- `command_options` what Discord's own client checks in a command
- `clock`           a time of day that tests can move
- `page`            the chat page
"""
