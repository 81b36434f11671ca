// The source of targets that consist of what they link or precompile.
