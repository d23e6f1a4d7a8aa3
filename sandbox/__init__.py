"""A local stand-in for Discord with a chat page, and the supervisor that starts the whole system.

- `run`                   starts the queue, the worker, the bot and the local Discord, and ends them
- `supervised_process`    one child process: started, logged, restarted after a crash; the errors shown at the terminal
- `parent_death_guard`    ends a child process when the supervisor is gone
- `redis_server`          finds, configures and checks the Redis server that keeps the queue
- `one_shot_client`       uses `/compose` once, as the chat page would, and saves the files
- `settings`              the environment variables
- `server`                the local Discord: gateway, REST and the API of the chat page
- `page`                  the chat page: plain JavaScript modules and style sheets
- `seeds`                 the MIDI file of the first piece

The local Discord keeps everything (messages, files, commands) in memory and loses it when it ends. The ids of its
server, channel and roles are the same at every start.
"""
