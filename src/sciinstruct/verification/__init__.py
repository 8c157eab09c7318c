"""Does this answer equal that one?"""
