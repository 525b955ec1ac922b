"""The cluster engine: OpenSearch stores, finds and counts; one index behind an alias is one generation."""
