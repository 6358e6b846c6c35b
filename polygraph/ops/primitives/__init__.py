"""The primitives and composites that Programs are made of; one file a family."""
