"""One reader per format: text cells and the row numbers a person sees; nothing is guessed."""
