// Places in the log of a job: in the address, found by a search, errors; and how it is shown.
'use strict';

// --- places in the log: #s3-L120 and #s3-L120-L140, and what a search has found

let range = null;
let hits = [];
let current = -1;

function paint(root) {
  root.querySelectorAll('.is-target, .is-hit').forEach((one) => one.classList.remove('is-target', 'is-hit'));
  const { step, from, to } = range ?? {};
  for (let line = from; range && line <= to; line += 1) {
    document.getElementById(`s${step}-L${line}`)?.classList.add('is-target');
  }
  const hit = hits[current];
  if (hit) document.getElementById(`s${hit[0]}-L${hit[1]}`)?.classList.add('is-hit');
}

function heed() {
  const found = /^#s(\d+)(?:-L(\d+)(?:-L(\d+))?)?$/.exec(location.hash);
  if (!found) return false;
  const step = steps.get(Number(found[1]));
  if (!step) return false;
  letGo();
  if (!found[2]) {
    step.toggle(true);
    step.button.scrollIntoView();
    return true;
  }
  const from = Number(found[2]);
  range = { step: step.number, from, to: Math.max(Number(found[3] ?? from), from) };
  step.reach(from).then(() => paint(document));
  return true;
}
addEventListener('hashchange', heed);

// By the keyboard, and for who cannot hit a number: "120-140" of the open step, "3:120" of step 3.
document.getElementById('goto').addEventListener('submit', (event) => {
  event.preventDefault();
  const [, number, from, to] = /^\s*(?:(\d+):)?(\d+)(?:-(\d+))?/.exec(document.getElementById('place').value);
  const open = [...steps.values()].find((one) => one.open) ?? steps.values().next().value;
  history.replaceState(null, '', `#s${number ?? range?.step ?? open?.number}-L${from}${to ? `-L${to}` : ''}`);
  heed();
});

holder.addEventListener('click', (event) => {
  const number = event.target.closest('.n');
  if (!number) return;
  event.preventDefault();
  const found = /^s(\d+)-L(\d+)$/.exec(number.parentElement.id);
  const [step, line] = [Number(found[1]), Number(found[2])];
  const wide = event.shiftKey && range?.step === step;
  range = wide
    ? { step, from: Math.min(range.from, line), to: Math.max(range.from, line) }
    : { step, from: line, to: line };
  const end = range.to > range.from ? `-L${range.to}` : '';
  history.replaceState(null, '', `#s${step}-L${range.from}${end}`);
  letGo();
  paint(document);
});

// --- search, and marks: errors, and groups that reach over a chunk; of the whole log, by the server

const field = document.getElementById('find');
const told = document.getElementById('hits');
const regex = document.getElementById('regex');
let asked = 0;

async function search() {
  const q = field.value;
  const mine = (asked += 1);
  hits = [];
  current = -1;
  if (!q) { tell(''); return paint(document); }
  const answer = await fetch(at('search', { q, ...(regex.checked ? { regex: '1' } : {}) }));
  const found = await answer.json();
  if (mine !== asked) return; // somebody has typed on
  if (found.error) return tell(found.error);
  hits = found.hits;
  tell(hits.length ? '' : 'not found');
  if (hits.length) go(0, found.more);
}

function tell(text) {
  told.textContent = text;
  for (const id of ['prev-hit', 'next-hit']) document.getElementById(id).disabled = !hits.length;
}

async function go(index, more = false) {
  if (!hits.length) return;
  current = (index + hits.length) % hits.length;
  tell(`${current + 1} of ${hits.length}${more ? '+' : ''}`);
  letGo();
  const [step, line] = hits[current];
  await steps.get(step)?.reach(line);
  paint(document);
}

let waiting = 0;
field.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(search, 250); });
regex.addEventListener('change', search);
field.form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (hits.length) go(current + 1); else search();
});
document.getElementById('next-hit').addEventListener('click', () => go(current + 1));
document.getElementById('prev-hit').addEventListener('click', () => go(current - 1));

let errors = [];
let atError = -1;
async function findMarks() {
  const found = await (await fetch(at('marks', {}))).json();
  errors = found.errors ?? [];
  for (const step of steps.values()) step.groups = [];
  for (const [number, first, last] of found.groups ?? []) steps.get(number)?.groups.push({ first, last });
  if (range) steps.get(range.step)?.unfold(range.from); // a group that is shown already stays so
  for (const step of steps.values()) step.fold();
  const button = document.getElementById('next-error');
  button.disabled = !errors.length;
  button.textContent = errors.length ? `Next error (${errors.length})` : 'No errors';
}

async function toError(by) {
  if (!errors.length) return;
  atError = atError < 0 ? (by > 0 ? 0 : errors.length - 1) : (atError + by + errors.length) % errors.length;
  const [step, line] = errors[atError];
  range = { step, from: line, to: line };
  history.replaceState(null, '', `#s${step}-L${line}`);
  letGo();
  await steps.get(step)?.reach(line);
  paint(document);
}
document.getElementById('next-error').addEventListener('click', () => toError(1));

// --- how it is shown; kept for the next log

function toggled(id, key) {
  const button = document.getElementById(id);
  const set = (on) => {
    button.setAttribute('aria-pressed', String(on));
    log.classList.toggle(id, on);
    localStorage.setItem(`log-${id}`, on ? '1' : '');
  };
  set(localStorage.getItem(`log-${id}`) === '1');
  const flip = () => set(button.getAttribute('aria-pressed') !== 'true');
  button.addEventListener('click', flip);
  keys[key] = flip;
}
// What is searched for goes before errors.
const turnTo = (by) => (hits.length ? go(current + by) : toError(by));
const keys = { n: () => turnTo(1), p: () => turnTo(-1), N: () => turnTo(-1), f: () => pill?.click() };
toggled('wrap', 'w');

// Times: none, of the day, or since the step began.
const WAYS = ['', 'clock', 'since'];
const times = document.getElementById('times');
function tellTimes(way) {
  log.classList.toggle('times', way !== '');
  log.classList.toggle('since', way === 'since');
  times.setAttribute('aria-pressed', String(way !== ''));
  times.textContent = { '': 'Times', clock: 'Times: UTC', since: 'Times: since begin' }[way];
  localStorage.setItem('log-times', way);
}
function turnTimes() {
  const at = WAYS.indexOf(localStorage.getItem('log-times') ?? '');
  tellTimes(WAYS[(at + 1) % WAYS.length]);
}
const kept = localStorage.getItem('log-times') ?? '';
tellTimes(WAYS.includes(kept) ? kept : '');
times.addEventListener('click', turnTimes);
keys.t = turnTimes;

document.addEventListener('liftlock:key', (event) => keys[event.detail]?.());
