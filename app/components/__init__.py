"""The drawing pad and the other controls that the pages share."""
