// Bringing parts of the page up to date from its own address, without moving what is under the cursor.
// Every part carries data-live (its name) and an id; data-live-of lists the topics it follows (default: the page's);
// data-live-every says after how many seconds it is brought up to date in any case, while somebody may look.
import htmx from 'htmx.org';
import { getText } from './server.js';
import { say } from './toasts.js';
import { text } from './texts.js';

const waiting = new Set();
let running = false;
let pointer = null;
let spoken = 0;

const parts = () => [...document.querySelectorAll('[data-live][id]')];
const topicsOf = (part) => (part.dataset.liveOf ?? document.body.dataset.topics ?? '').split(',');
const busy = (part) => part.querySelector('dialog[open]') !== null;

/** Refresh the parts that follow one of these topics; without topics all. */
export function refresh(topics = null) {
  for (const part of parts()) {
    if (!topics || topicsOf(part).some((topic) => topics.includes(topic))) waiting.add(part.id);
  }
  if (waiting.size && !running) run();
}

/** After something was done on this page: bring up to date what is live on it, or all of its content where nothing is. */
export function renewPage() {
  if (parts().length) refresh();
  else {
    waiting.add('page');
    if (!running) run();
  }
}

async function run() {
  running = true;
  await new Promise((resolve) => setTimeout(resolve, 60));
  const ids = [...waiting].filter((id) => document.getElementById(id) && !busy(document.getElementById(id)));
  ids.forEach((id) => waiting.delete(id));
  if (ids.length) {
    try {
      await renew(ids, new DOMParser().parseFromString(await getText(location.href), 'text/html'));
    } catch {
      ids.forEach((id) => waiting.add(id));
      setTimeout(() => refresh([]), 1500);
    }
  }
  running = false;
  if ([...waiting].some((id) => document.getElementById(id) && !busy(document.getElementById(id)))) run();
}

async function renew(ids, page) {
  for (const id of ids) {
    const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (!old || !fresh || same(old, fresh)) continue;
    if (busy(old)) { waiting.add(id); continue; }  // a dialog was opened meanwhile
    const known = new Set([...old.querySelectorAll('[data-row][id]')].map((row) => row.id));
    keepOpen(old, fresh);
    const settle = hold(old);
    await htmx.swap({ text: fresh.outerHTML, target: old, sourceElement: old, swap: 'outerMorph' });
    settle();
    const now = document.getElementById(id);
    for (const row of now.querySelectorAll('[data-row][id]')) if (!known.has(row.id)) row.classList.add('fresh');
    now.dispatchEvent(new CustomEvent('tidegate:renewed', { bubbles: true }));
  }
  const quiet = ids.every((id) => document.getElementById(id)?.dataset.liveEvery);
  if (!quiet && Date.now() - spoken > 10_000) {
    spoken = Date.now();
    say(text('updated'));
  }
}

const bare = (node) => node.outerHTML.replace(/ value="[\w.-]{60,}"/g, '').replace(/ class="fresh"| fresh/g, '');
const same = (old, fresh) => bare(old) === bare(fresh);

function keepOpen(old, fresh) {
  for (const one of old.querySelectorAll('li[id] > details')) {
    const twin = fresh.querySelector(`#${CSS.escape(one.parentNode.id)} > details`);
    if (twin) twin.open = one.open || twin.open;
  }
}

// What is under the cursor, or has the focus, stays where it is: scroll by as much as it moved, pad where there is no room.
function hold(part) {
  const page = document.getElementById('page');
  const under = pointer && document.elementFromPoint(pointer.x, pointer.y);
  const anchor = [under, document.activeElement].find((node) => node && node !== document.body && part.contains(node))?.closest('[id]');
  if (!anchor || anchor === part) return () => {};
  const { id } = anchor;
  const top = anchor.getBoundingClientRect().top;
  const moved = () => (document.getElementById(id)?.getBoundingClientRect().top ?? top) - top;
  return () => {
    if (Math.abs(moved()) < 1) return;
    scrollBy(0, moved());
    const rest = moved();
    if (Math.abs(rest) < 1) return;
    if (rest > 0) {
      page.style.paddingBottom = `${parseFloat(getComputedStyle(page).paddingBottom) + rest}px`;
      scrollBy(0, rest);
    } else {
      page.style.paddingTop = `${parseFloat(getComputedStyle(page).paddingTop) - rest}px`;
    }
    page.addEventListener('pointerleave', () => { page.style.paddingTop = ''; page.style.paddingBottom = ''; }, { once: true });
  };
}

let seconds = 0;
function beat() {
  seconds += 1;
  if (document.hidden) return;
  const asked = parts().filter(({ dataset }) => dataset.liveEvery && seconds % dataset.liveEvery === 0);
  asked.forEach((part) => waiting.add(part.id));
  if (asked.length && !running) run();
}

export function start() {
  setInterval(beat, 1000);
  document.addEventListener('pointermove', (event) => { pointer = { x: event.clientX, y: event.clientY }; }, { passive: true });
  document.documentElement.addEventListener('pointerleave', () => { pointer = null; });
  document.addEventListener('tidegate:refresh', renewPage);
  document.addEventListener('close', () => refresh([]), true);
}
