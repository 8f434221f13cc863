"""Training steps on several cores."""
