// The log of a job that still runs, and where reading begins.
'use strict';

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
    section.querySelector('.lines').setAttribute('aria-label', `Lines of ${found.name}`);
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
    findMarks();
  });
  addEventListener('pagehide', () => source.close());
}

// Without a place in the address: the first error of the step that failed, or the step that runs.
async function begin() {
  const looked = findMarks();
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
