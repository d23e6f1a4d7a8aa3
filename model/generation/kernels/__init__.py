"""Products in machine code: a row of numbers times a matrix of weights.

instructions   the innermost loop of a product, for the processor at hand
products       a row times packed weights, in whole numbers of 8 bits
known_answers  what they give for a known input, checked when an engine is made
"""
