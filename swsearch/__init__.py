"""Chinese full-text search for folders of newspaper pages."""
