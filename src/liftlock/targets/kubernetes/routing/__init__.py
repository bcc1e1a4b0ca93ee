"""How traffic is sent to revisions: pure functions from the objects that are there, and routes, to
what must be written; and back: whether what is there is what was told.

Every router object carries the routes that it was told last as an annotation. They count as
confirmed when the object, rendered again with these routes, comes out as it stands: whoever changes
it by hand, or takes the annotation away, is noticed at the next look.
"""
