"""Products and recurrent layers for one piece, in machine code.

instructions   the innermost loop of a product, for the processor at hand
products       a row times packed weights, in whole numbers of 8 bits
recurrent      LSTM, GRU and look-back
known_answers  what they give for a known input, checked when an engine is made
"""
