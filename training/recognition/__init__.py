"""From what somebody drew to digits, and how well that goes."""
