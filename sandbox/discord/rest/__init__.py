"""The REST routes that the bot uses, under `/api/v10`; any other is `404: Not Found`.

- `gate`         what every request passes: errors as JSON, the token, rate limits, misbehaviour
- `body`         reading JSON and multipart bodies
- `account`      the bot itself, the gateway's address, guild, members, channels
- `commands`     application commands
- `callbacks`    the first answer to an interaction
- `webhooks`     the rest of an interaction's answers
- `channel_messages` messages of a channel
- `writing`      what all of them do to make or change a message
"""
