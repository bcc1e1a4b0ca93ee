"""Reports of tools, read by somebody who trusts nothing: bytes in, records out.

Exit codes are not gates. Of a dozen tools that were measured, nine end with 0 although they found
something, or looked at nothing; so each reader demands what proves that the scan took place.
"""
