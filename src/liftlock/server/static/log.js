// The log of a job. Steps fold; of an open one only what is near the window is in the document, in
// chunks that keep their height when they go, so a million lines are as quick as ten. The server
// renders lines and searches; this asks for them. `log_places.js` finds places, `log_live.js`
// follows and begins: the three are loaded in this order and are one script.
'use strict';

const CHUNK = 500; // lines
const KEEP = 24; // chunks that stay although they are out of sight

const log = document.getElementById('log');
const ROW = parseFloat(getComputedStyle(log).getPropertyValue('--row')); // pixels of a line
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
    this.groups = []; // those that reach over a chunk: { first, last }
    this.unfolded = new Map(); // by the number of its first line, whether somebody opened a group
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
      chunk.fold();
      near.observe(chunk.element);
    }
  }

  fold() { for (const chunk of this.chunks) chunk.fold(); }

  unfold(line) {
    const group = this.groups.find((one) => one.first < line && line <= one.last);
    if (!group) return;
    this.unfolded.set(group.first, true);
    document.getElementById(`s${this.number}-L${group.first}`)?.parentElement.setAttribute('open', '');
    this.fold();
  }

  async reach(line) {
    this.toggle(true);
    this.unfold(line);
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
    this.element.innerHTML = html;
    for (const summary of this.element.querySelectorAll('details > summary')) {
      const open = this.step.unfolded.get(lineOf(summary));
      if (open !== undefined) summary.parentElement.open = open;
    }
    this.element.style.height = '';
    this.fold();
    shown.add(this);
    paint(this.element);
    if (shown.size > KEEP) forgetTheFarthest();
  }

  // A group that began in a chunk before goes on in this one.
  fold() {
    const group = this.step.groups.find((one) => one.first <= this.from && this.from < one.last);
    if (!group) return;
    const closed = !this.step.unfolded.get(group.first);
    this.element.hidden = closed && group.last >= this.to;
    for (const line of this.element.children) {
      if (!line.id || lineOf(line) > group.last) return;
      line.classList.add('is-in');
      line.classList.toggle('is-folded', closed);
    }
  }

  unload() {
    this.reserve(this.element.offsetHeight);
    this.element.replaceChildren();
    this.loaded = null;
    shown.delete(this);
  }
}

const lineOf = (element) => Number(element.id.split('-L')[1]);

// It tells what people do and what is opened by a place in the address, but does not bubble.
holder.addEventListener('toggle', (event) => {
  const step = steps.get(Number(event.target.closest('.step')?.dataset.step));
  if (!step) return; // its chunk was loaded again meanwhile
  step.unfolded.set(lineOf(event.target.firstElementChild), event.target.open);
  step.fold();
}, true);

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
