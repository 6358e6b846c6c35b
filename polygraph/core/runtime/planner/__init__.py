"""From a graph and a run's signature to compiled Programs; `plan` is the way in."""
