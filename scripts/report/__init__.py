"""A model's report.html: facts and predictions in, one page out. Reads pictures for thumbnails, writes the page."""
