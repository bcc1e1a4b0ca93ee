// The log of a job. Steps fold; of an open one only what is near the window is in the document, in
// chunks that keep their height when they go, so a million lines are as quick as ten. The server
// renders lines and searches; this asks, places and follows.
'use strict';

const CHUNK = 500; // lines
const ROW = 18; // pixels, as in the style sheet
const KEEP = 24; // chunks that stay although they are out of sight

const log = document.getElementById('log');
const holder = document.getElementById('steps');
const attempt = log.dataset.attempt;
const at = (verb, query) =>
  `${log.dataset.base}/${verb}/${log.dataset.key}?attempt=${attempt}&${new URLSearchParams(query)}`;

// --- steps

class Step {
  constructor(section) {
    this.section = section;
    this.number = Number(section.dataset.step);
    this.count = Number(section.dataset.count);
    this.button = section.querySelector('.fold-step');
    this.lines = section.querySelector('.lines');
    this.chunks = [];
    this.button.addEventListener('click', () => this.toggle());
  }

  get open() { return this.button.getAttribute('aria-expanded') === 'true'; }

  toggle(open = !this.open) {
    this.button.setAttribute('aria-expanded', String(open));
    this.lines.hidden = !open;
    if (open) this.extend();
  }

  // Make place for lines that are not there yet; the last chunk may have to grow.
  extend() {
    if (!this.open) return;
    const last = this.chunks.at(-1);
    if (last && last.to < Math.min(last.from + CHUNK, this.count)) {
      last.to = Math.min(last.from + CHUNK, this.count);
      if (last.loaded) last.load(true); else last.reserve();
    }
    for (let from = this.chunks.length * CHUNK; from < this.count; from += CHUNK) {
      const chunk = new Chunk(this, from, Math.min(from + CHUNK, this.count));
      this.chunks.push(chunk);
      this.lines.append(chunk.element);
      near.observe(chunk.element);
    }
  }

  async reach(line) {
    this.toggle(true);
    const chunk = this.chunks[Math.floor((line - 1) / CHUNK)];
    if (!chunk) return null;
    chunk.element.scrollIntoView({ block: 'start' });
    await chunk.load();
    const element = document.getElementById(`s${this.number}-L${line}`);
    element?.closest('details')?.setAttribute('open', '');
    element?.scrollIntoView({ block: 'center' });
    return element;
  }
}

// --- chunks

class Chunk {
  constructor(step, from, to) {
    this.step = step;
    this.from = from;
    this.to = to;
    this.loaded = null;
    this.element = document.createElement('div');
    this.element.className = 'chunk';
    this.element.chunk = this;
    this.reserve();
  }

  reserve(height = (this.to - this.from) * ROW) { this.element.style.height = `${height}px`; }

  load(again = false) {
    if (again || !this.loaded) this.loaded = this.fetch();
    return this.loaded;
  }

  async fetch() {
    const to = this.to;
    const answer = await fetch(at('lines', { step: this.step.number, from: this.from, to }));
    if (!answer.ok) { this.loaded = null; return; }
    const html = await answer.text();
    if (to !== this.to) return; // a longer one is on its way
    const folds = [...this.element.querySelectorAll('details[open] > summary')].map((one) => one.id);
    this.element.innerHTML = html;
    for (const id of folds) document.getElementById(id)?.parentElement.setAttribute('open', '');
    this.element.style.height = '';
    shown.add(this);
    paint(this.element);
    if (shown.size > KEEP) forgetTheFarthest();
  }

  unload() {
    this.reserve(this.element.offsetHeight);
    this.element.replaceChildren();
    this.loaded = null;
    shown.delete(this);
  }
}

const shown = new Set();
const near = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    entry.target.chunk.near = entry.isIntersecting;
    if (entry.isIntersecting) entry.target.chunk.load();
  }
}, { rootMargin: '1200px 0px' });

function forgetTheFarthest() {
  for (const chunk of shown) {
    if (shown.size <= KEEP) return;
    if (!chunk.near && !chunk.element.contains(document.activeElement)) chunk.unload();
  }
}

const steps = new Map();
function adopt(section) {
  const step = new Step(section);
  steps.set(step.number, step);
  return step;
}
holder.querySelectorAll('.step').forEach(adopt);

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

// --- search, and the next error; both over the whole log, by the server

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
async function findErrors() {
  const answer = await fetch(at('search', { errors: '1' }));
  errors = (await answer.json()).hits ?? [];
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
const keys = { n: () => toError(1), p: () => toError(-1), f: () => pill?.click() };
toggled('times', 't');
toggled('wrap', 'w');
document.addEventListener('liftlock:key', (event) => keys[event.detail]?.());

// --- live: the end is followed until somebody scrolls up, and again from the end on

const pill = document.getElementById('follow');
let following = Boolean(pill);
let last = 0;

function letGo() { following = false; pill?.setAttribute('aria-pressed', 'false'); }
function takeUp() { following = true; pill?.setAttribute('aria-pressed', 'true'); }
function toTheEnd() { scrollTo({ top: document.documentElement.scrollHeight }); }
const atTheEnd = () => innerHeight + scrollY > document.documentElement.scrollHeight - 40;

pill?.addEventListener('click', () => { if (following) letGo(); else { takeUp(); toTheEnd(); } });
addEventListener('scroll', () => {
  if (scrollY < last - 4) letGo(); else if (pill && atTheEnd()) takeUp();
  last = scrollY;
}, { passive: true });
new ResizeObserver(() => { if (following) toTheEnd(); }).observe(holder);

function sign(state) {
  const found = document.querySelector(`template.sign-of[data-state="${CSS.escape(state)}"]`);
  return found ? found.content.cloneNode(true) : '';
}

function take(found) {
  let step = steps.get(found.number);
  if (!step) {
    const section = document.getElementById('new-step').content.firstElementChild.cloneNode(true);
    section.dataset.step = found.number;
    section.querySelector('.fold-step').id = `s${found.number}`;
    section.querySelector('.title').textContent = found.name;
    holder.querySelector(':scope > p')?.remove();
    holder.append(section);
    step = adopt(section);
    step.section.dataset.state = '';
  }
  const section = step.section;
  section.querySelector('.took').textContent = found.took;
  section.querySelector('.message').textContent = found.message;
  if (section.dataset.state !== found.state) {
    section.dataset.state = found.state;
    section.querySelector('.sign').replaceChildren(sign(found.state));
    if (found.state === 'running' && following) step.toggle(true);
    if (found.state === 'success' && following && step.open && !range) step.toggle(false);
  }
  if (found.count !== step.count) {
    step.count = found.count;
    section.dataset.count = found.count;
    section.querySelector('.count').textContent = found.count.toLocaleString('en');
    step.extend();
  }
}

if (log.dataset.live) {
  const source = new EventSource(log.dataset.live);
  source.addEventListener('changed', (event) => {
    const news = JSON.parse(event.data);
    requestAnimationFrame(() => news.steps.forEach(take));
    if (!news.over) return;
    source.close();
    document.querySelector('#job-state .mark')?.replaceWith(sign(news.state));
    const word = document.querySelector('#job-state .pill');
    if (word) { word.className = `pill is-${news.state}`; word.lastElementChild.textContent = news.state; }
    htmx.trigger('#side', 'changed');
    if (pill) { pill.hidden = true; letGo(); }
    findErrors();
  });
  addEventListener('pagehide', () => source.close());
}

// Without a place in the address: the first error of the step that failed, or the step that runs.
async function begin() {
  const looked = findErrors();
  const number = Number(log.dataset.opened);
  if (heed() || number < 0) return;
  const step = steps.get(number);
  step?.toggle(true);
  await looked;
  const error = errors.findIndex((one) => one[0] === number);
  if (step?.section.dataset.state !== 'failure' || error < 0 || scrollY > 0) return;
  await step.reach(errors[error][1]);
  atError = error;
}
begin();
