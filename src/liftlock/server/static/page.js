// What every page does: it takes over what has changed, and heeds keys.
'use strict';

// --- live: the server says that something has changed, the page fetches itself and morphs

const main = document.getElementById('main');
if (main?.dataset.topic) follow(main.dataset.topic);

function follow(topic) {
  const source = new EventSource(`/events?${topic}`);
  let due = false;
  source.addEventListener('changed', () => {
    if (due) return; // one fetch for many changes
    due = true;
    setTimeout(() => {
      due = false;
      if (!busyWithAForm()) htmx.trigger(document.getElementById('main'), 'changed');
    }, 200);
  });
  addEventListener('pagehide', () => source.close());
}

// Nothing is taken from under the hands of somebody who types.
function busyWithAForm() {
  const at = document.activeElement;
  return at?.closest('#main') && at.matches('input:not([type=checkbox]), select, textarea');
}

// --- keys: off while somebody types, and whenever somebody wants them off

const off = document.getElementById('keys-off');
off.checked = localStorage.getItem('keys') === 'off';
off.addEventListener('change', () => localStorage.setItem('keys', off.checked ? 'off' : 'on'));

let before = '';
const PLACES = { o: '/', r: '/runs', d: '/deployments' };

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === '?') return document.getElementById('keys').showModal();
  if (off.checked) return;
  const place = before === 'g' ? PLACES[event.key] : undefined;
  before = event.key;
  if (place) return location.assign(place);
  if (event.key === '/') focusSearch(event);
  if (event.key === 'j' || event.key === 'k') move(event.key === 'j' ? 1 : -1);
  document.dispatchEvent(new CustomEvent('liftlock:key', { detail: event.key }));
});

function typing(element) {
  return element.matches?.('input:not([type=checkbox]), select, textarea, [contenteditable]');
}

function focusSearch(event) {
  const field = document.querySelector('#find, #search');
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}

function move(by) {
  const rows = [...document.querySelectorAll('#main a.title, #main .fold-step, #main summary')];
  const at = rows.indexOf(document.activeElement);
  rows[Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
}
