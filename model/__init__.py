"""Music: pieces, MIDI, representations, networks, training, sampling, evaluation. No Redis, no Discord.
"""
