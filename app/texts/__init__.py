"""What pages say, as plain text, without a page."""
