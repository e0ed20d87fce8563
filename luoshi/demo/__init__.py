"""A believable college that visitors find when they start Luoshi for the first time.

    build         puts everything in order and carries it out
    texts, books  what people of the college are called, do and write (TOML, ordered by subject)
    days          the calendar of the year, seen from today
    college       units, people, posts, bodies
    goals         the thirty core indicators and the quality indicators, three levels deep
    matters       leaders' instructions, signed for and reviewed
    pace          how a task comes along
    voice         sentences with figures, names and days in them
    evidence      small real files
    script        acts in the order of time, each at its own moment

Everything is written by the services of the rooms below, each act by the person whose act it is.
"""
