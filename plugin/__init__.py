"""What operators, panels, app and command line share."""
