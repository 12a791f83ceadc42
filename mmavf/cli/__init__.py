"""The command `mmavf`: its sub-commands, their options, their errors and exit statuses."""
