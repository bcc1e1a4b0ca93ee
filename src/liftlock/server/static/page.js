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
      renew();
    }, 200);
  });
  setInterval(() => { if (!document.hidden) renew(); }, 60_000); // "3 min ago" grows old
  addEventListener('pagehide', () => source.close());
}

function renew() {
  if (!busyWithAForm()) htmx.trigger(document.getElementById('main'), 'changed');
}

// Nothing is taken from under the hands of somebody who types, or has typed.
function busyWithAForm() {
  const at = document.activeElement;
  if (at?.closest('#main') && at.matches('input:not([type=checkbox]), select, textarea')) return true;
  return [...document.querySelectorAll('#main :is(input, select, textarea)')].some(isChanged);
}

function isChanged(field) {
  if (field.options) {
    const begun = [...field.options].findIndex((one) => one.defaultSelected);
    return field.selectedIndex !== Math.max(begun, 0);
  }
  if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked;
  return field.value !== field.defaultValue;
}

// What begins to run, or fails, opens by itself; morphing leaves it to people what is open.
new MutationObserver((changes) => {
  for (const { target } of changes) if (target.dataset.opens) target.open = true;
}).observe(document.body, { attributes: true, attributeFilter: ['data-opens'], subtree: true });

// --- menus: one opens at a time, and goes when somebody looks elsewhere; on a phone pages are one

document.documentElement.classList.add('scripted');
const menu = document.getElementById('menu');
menu?.addEventListener('click', () => {
  const open = menu.getAttribute('aria-expanded') !== 'true';
  menu.setAttribute('aria-expanded', String(open));
  document.getElementById('pages').classList.toggle('open', open);
});
document.addEventListener('click', (event) => {
  for (const one of document.querySelectorAll('details[data-menu][open]')) {
    if (!one.contains(event.target)) one.open = false;
  }
});
document.addEventListener('keydown', (event) => {
  const open = event.key === 'Escape' && document.querySelector('details[data-menu][open]');
  if (!open) return;
  open.open = false;
  open.querySelector('summary').focus();
});
document.getElementById('show-keys')?.addEventListener('click', () => {
  document.getElementById('keys').showModal();
});

// --- what was told as a moment to come counts down: <time data-until>

setInterval(() => {
  for (const one of document.querySelectorAll('[data-until]')) {
    const left = Math.max(0, Math.round(Number(one.dataset.until) - Date.now() / 1000));
    const [hours, minutes] = [Math.floor(left / 3600), Math.floor(left / 60) % 60];
    const parts = hours ? [hours, minutes, left % 60] : [minutes, left % 60];
    one.textContent = parts.map((part, at) => (at ? String(part).padStart(2, '0') : part)).join(':');
  }
}, 1000);

// --- keys: off while somebody types, and whenever somebody wants them off

const off = document.getElementById('keys-off');
off.checked = localStorage.getItem('keys') === 'off';
off.addEventListener('change', () => localStorage.setItem('keys', off.checked ? 'off' : 'on'));

let before = '';
const PLACES = Object.fromEntries([...document.querySelectorAll('[data-place]')]
  .map((one) => [one.dataset.place, one.dataset.address]));

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
