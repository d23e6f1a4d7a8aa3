"""The local Discord: what a bot and the chat page can see of Discord, served on loopback.

- `app`                 all of it as one aiohttp server
- `state`               members, messages and commands, and who is notified of changes
- `guild`               the one guild, its roles and permissions; users and channels
- `messages`            messages and interactions, and their JSON
- `attachments`         files, their signed URLs, and serving them
- `clock`               the time, which tests can move forward, and the ids made from it
- `gateway`             sessions and connections of the gateway
- `middleware`          every REST request: errors as JSON, token, rate limit, query parameters, faults for tests
- `rate_limits`         the buckets of the rate limits and their headers
- `request_body`        reads JSON and multipart bodies
- `validation`          checks bodies against Discord's published description (`trim_schema` cut it out of the whole)
- `limits`              checks the limits that the description leaves out
- `errors`              the errors that Discord answers with
- `account_routes`      the bot, the gateway's address, the guild, channels, application commands
- `message_routes`      messages of a channel, and how every route writes messages
- `interaction_routes`  answers to interactions and their webhooks
- `page_api`            the WebSocket of the chat page; turns its commands, clicks and forms into interactions
- `input_checks`        what Discord's own client checks before it sends one
"""
