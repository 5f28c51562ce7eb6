"""The pull-request report: from a preview of the engine to one comment that a reviewer reads in a minute."""
