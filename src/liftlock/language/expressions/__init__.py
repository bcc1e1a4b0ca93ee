"""GitHub's expression language: text in, value out.

    expression = parse("github.ref == 'refs/heads/main'", known)
    expression.evaluate(Scope({'github': {'ref': 'refs/heads/main'}}))

Rules: the expressions section of GitHub's runner (Sdk/Expressions), followed to the letter.
"""
