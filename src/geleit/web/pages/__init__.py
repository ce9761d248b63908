"""One module per page: a question to the workspace and a template."""
