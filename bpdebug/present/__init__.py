"""What is shown, as pure text, cells and panels: the same for the app and for any other front."""
