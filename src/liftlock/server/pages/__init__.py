"""The pages, one module each: read facts, render a template."""
