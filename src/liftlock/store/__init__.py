"""Tables, blobs, logs and secrets; the only importer of a database driver. May import the core."""
