// The source of targets that only precompile a header.
