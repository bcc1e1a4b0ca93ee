"""Numbers as people read them."""


def duration(seconds: float) -> str:
    """`0.4s`, `12.3s`, `4m 05s`, `2h 03m`: always short, never two meanings."""
    if seconds < 59.95:
        return f'{max(seconds, 0.0):.1f}s'
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f'{minutes}m {rest:02}s'
    hours, minutes = divmod(minutes, 60)
    return f'{hours}h {minutes:02}m'


def span(seconds: float) -> str:
    """About how long: `12s`, `4m`, `3h`, `2d`."""
    for unit, length in (('d', 86400), ('h', 3600), ('m', 60)):
        if seconds >= length:
            return f'{seconds // length:.0f}{unit}'
    return f'{max(int(seconds), 0)}s'


def size(count: float) -> str:
    """Bytes, in steps of 1024."""
    for unit in ('bytes', 'KB', 'MB'):
        if count < 1024:
            return f'{count:.0f} {unit}' if unit == 'bytes' else f'{count:.1f} {unit}'
        count /= 1024
    return f'{count:.1f} GB'


def count(number: int, noun: str) -> str:
    """`1 job`, `3 jobs`."""
    return f'{number} {noun}' if number == 1 else f'{number} {noun}s'
