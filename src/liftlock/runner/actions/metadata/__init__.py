"""Names, tags and labels of images, by the rules of docker/metadata-action. All of it is pure."""
