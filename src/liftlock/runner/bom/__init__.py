"""Bills of materials: which packages of Python and npm a directory or an archive holds or names.

What is read are lock files and the metadata of packages, nothing is guessed from code. For all
else (packages of a system, other languages) there is syft.
"""
