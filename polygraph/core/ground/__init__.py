"""The ground: types, shapes, errors, graph and Program; it imports nothing from above."""
