"""From the text of a stack file to validated models, with a place for every problem."""
