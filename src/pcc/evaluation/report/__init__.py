"""What an evaluation looks like: averages and Bjontegaard deltas, plots, files, and a page to look at."""
