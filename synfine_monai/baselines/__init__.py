"""What a user would try first: thresholds, grey-value lookup, random forest."""
