"""From lesion rows and follow-up to the study's tables and figures."""
