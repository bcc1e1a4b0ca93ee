"""The databases that a store can be on. Nothing of PostgreSQL is imported before it is wanted."""
