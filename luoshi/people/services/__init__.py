"""The verbs of the room: units, persons, posts, bodies, accounts, keeping, importing."""
