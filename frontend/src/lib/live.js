// Hearing what changed elsewhere: server-sent events, the counts of the rail and the title, a toast for a new notice.
import { refresh } from './refresh.js';
import { get } from './server.js';
import { text } from './texts.js';
import { toast } from './toasts.js';

const HIDDEN_MS = 20_000; // a browser has few connections to one server: pages out of sight give theirs back
const AGAIN_MS = 3_000;
const { events, topics, counts, user } = document.body.dataset;
let source = null;
let hiding = 0;
let heardBefore = false;
let seenNotice = sessionStorage.getItem('tidegate.notice');
const title = document.title;
let told = null; // the number in the title
const windows = 'BroadcastChannel' in window ? new BroadcastChannel('tidegate.counts') : null; // of this browser

function connect() {
  if (source || !events || !user) return;
  source = new EventSource(`${events}?topics=${encodeURIComponent(topics)}`);
  source.addEventListener('hello', () => {
    offline(false);
    if (heardBefore) everything(); // whatever happened while nobody listened
    heardBefore = true;
    document.documentElement.dataset.listening = 'true';
  });
  source.addEventListener('changed', (event) => heard(event.data.split(',')));
  source.addEventListener('error', () => {
    delete document.documentElement.dataset.listening;
    const closed = source.readyState === EventSource.CLOSED;
    setTimeout(() => { if (!document.documentElement.dataset.listening && !document.hidden) offline(true); }, 4000);
    if (!closed) return;
    disconnect();
    setTimeout(connect, AGAIN_MS);
  });
}

function disconnect() {
  source?.close();
  source = null;
  delete document.documentElement.dataset.listening;
}

function offline(is) {
  const bar = document.querySelector('[data-offline]');
  if (bar) bar.hidden = !is;
}

function heard(names) {
  refresh(names);
  if (names.some((name) => name === 'tasks' || name.startsWith('inbox:'))) recount();
  document.dispatchEvent(new CustomEvent('tidegate:changed', { detail: names }));
}

function everything() {
  refresh();
  recount();
  document.dispatchEvent(new CustomEvent('tidegate:changed', { detail: topics.split(',') }));
}

let counting = 0;
export function recount() {
  clearTimeout(counting);
  counting = setTimeout(async () => {
    try {
      show(await get(counts));
    } catch { /* the next event asks again */ }
  }, 100);
}

function show(numbers) {
  for (const name of ['tasks', 'inbox']) {
    const node = document.querySelector(`[data-count="${name}"]`);
    if (!node) continue;
    node.textContent = numbers[name] || '';
    node.classList.toggle(name === 'tasks' ? 'late' : 'new', Boolean(name === 'tasks' ? numbers.overdue : numbers.inbox));
  }
  entitle(numbers.inbox);
  const { latest } = numbers;
  if (!latest || latest.key === seenNotice || (seenNotice && BigInt(latest.key) < BigInt(seenNotice))) return;
  if (seenNotice !== null) toast(text('notice', latest.subject), { link: latest.link });
  remember(latest.key);
}

// The number of unread notices stands before the title, for who looks at another window. What is read in one window is
// read in the others: they count again.
function entitle(unread) {
  if (unread === told) return;
  told = unread;
  document.title = unread ? `(${unread}) ${title}` : title;
  windows?.postMessage(unread);
}

function remember(key) {
  seenNotice = key;
  sessionStorage.setItem('tidegate.notice', key);
}

export async function start() {
  if (!user) return;
  windows?.addEventListener('message', recount);
  entitle(Number(document.querySelector('[data-count="inbox"]')?.textContent ?? 0));
  if (seenNotice === null) {
    try {
      remember((await get(counts)).latest?.key ?? '0');
    } catch { /* later */ }
  }
  connect();
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(disconnect, HIDDEN_MS);
    else connect();
  });
  addEventListener('pageshow', (event) => { if (event.persisted) everything(); });
}
