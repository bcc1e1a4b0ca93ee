from liftlock.cli import bug


def test_the_report_has_the_trace_and_no_secret() -> None:
    try:
        raise RuntimeError('boom')
    except RuntimeError as error:
        words = ['run', '-s', 'A=hush', '--secret=B=hush', '-sC=hush', '--secret', 'D', '-j', 'x']
        text = bug.render(error, words)
    assert 'RuntimeError: boom' in text
    assert 'hush' not in text
    assert 'liftlock run -s A=… --secret=B=… -sC=… --secret D -j x' in text
