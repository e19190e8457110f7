"""A model's report.html: facts and predictions in, one page out. Reads images for thumbnails, writes the page."""
