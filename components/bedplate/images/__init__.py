"""Container images by digest: asked of the registries once, kept in a file that people review, used by every `up`."""
