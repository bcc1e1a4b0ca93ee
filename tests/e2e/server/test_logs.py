"""The log of a job: windows, search, permalinks, the whole."""

import re

from serving import Person, Site

JOB = 'test%5B0%5D'


def test_the_page_names_the_steps_and_how_long_each_is(admin: Person) -> None:
    page = admin.get(f'/runs/1/jobs/{JOB}').text
    found = re.search(r'data-step="1" data-count="(\d+)" data-state="success"', page)
    assert found
    assert int(found[1]) > 1200


def test_a_window_of_lines_is_html_with_places_to_point_at(admin: Person) -> None:
    window = admin.get(f'/runs/1/lines/{JOB}?step=1&from=1000&to=1010').text
    numbers = re.findall(r'id="s1-L(\d+)"', window)
    assert numbers == [str(number) for number in range(1001, 1011)]
    assert 'data-t="' in window


def test_colours_are_shown_and_tags_are_not(admin: Person) -> None:
    window = admin.get(f'/runs/1/lines/{JOB}?step=1&from=1190&to=1300').text
    assert '<span class="f1">red</span> &lt;b&gt;bold&lt;/b&gt;' in window


def test_the_whole_log_is_searched(admin: Person) -> None:
    found = admin.get(f'/runs/1/search/{JOB}?q=LINE+1199').json
    assert len(found['hits']) == 1
    step, number = found['hits'][0]
    assert (
        'line 1199'
        in admin.get(f'/runs/1/lines/{JOB}?step={step}&from={number - 1}&to={number}').text
    )
    assert len(admin.get(f'/runs/1/search/{JOB}?q=%5Eline+12..%24&regex=1').json['hits']) == 1
    assert admin.get(f'/runs/1/search/{JOB}?q=%28&regex=1').status == 400


def test_errors_are_found_wherever_they_stand(admin: Person) -> None:
    found = admin.get('/runs/1/marks/test%5B1%5D').json['errors']
    assert len(found) == 2
    assert admin.get(f'/runs/1/marks/{JOB}').json['errors'] == []


def test_the_whole_log_is_sent_as_text(site: Site, admin: Person) -> None:
    answer = admin.get(f'/runs/1/raw/{JOB}')
    assert answer.headers['content-type'].startswith('text/plain')
    assert 'line 1200\nred <b>bold</b>\n' in answer.text
    assert site.api('GET', f'/runs/1/logs/{JOB}').text == answer.text


def test_without_scripts_there_are_plain_pages(admin: Person) -> None:
    page = admin.get(f'/runs/1/jobs/{JOB}?view=plain&step=1').text
    assert 'line 1200' in page
    assert '<b>bold' not in page
