// Short messages in the corner; spoken, too. Those with an offer stay until they are closed.
import { post } from './server.js';
import { text } from './texts.js';

const box = document.querySelector('[data-toasts]');
const voice = document.querySelector('[data-live-region]');
const KEPT = 'tidegate.toast';
const LASTING_MS = 6000;

export function say(words) {
  if (!voice) return;
  voice.textContent = '';
  requestAnimationFrame(() => { voice.textContent = words; });
}

/** Show a message. undo: an address to post to; link: where "Open" leads. */
export function toast(words, { kind = 'good', undo = null, link = null, spoken = true } = {}) {
  if (!box || !words) return;
  const node = document.getElementById('toast').content.firstElementChild.cloneNode(true);
  node.classList.add(kind);
  node.firstElementChild.textContent = words;
  const offer = link ? linkTo(link) : undo ? undoing(undo, node) : null;
  if (offer) node.insertBefore(offer, node.lastElementChild);
  box.append(node);
  if (spoken) say(words);
  if (!link && kind !== 'bad') fade(node, undo ? 2 * LASTING_MS : LASTING_MS);
}

function linkTo(link) {
  const a = document.createElement('a');
  a.className = 'button small';
  a.href = link;
  a.textContent = text('open');
  return a;
}

function undoing(address, node) {
  const button = document.createElement('button');
  button.className = 'button small';
  button.type = 'button';
  button.textContent = text('undo');
  button.addEventListener('click', async () => {
    node.remove();
    try {
      const done = await post(address);
      document.dispatchEvent(new CustomEvent('tidegate:refresh'));
      toast(done.message);
    } catch (refused) {
      toast(refused.message, { kind: 'bad' });
    }
  });
  return button;
}

function fade(node, after) {
  let timer = setTimeout(() => node.remove(), after);
  const wait = () => clearTimeout(timer);
  const go = () => { timer = setTimeout(() => node.remove(), LASTING_MS); };
  for (const name of ['pointerenter', 'focusin']) node.addEventListener(name, wait);
  for (const name of ['pointerleave', 'focusout']) node.addEventListener(name, go);
}

/** Show it on the page that comes next. */
export function keepFor(page) {
  sessionStorage.setItem(KEPT, JSON.stringify(page));
}

export function start() {
  document.addEventListener('click', (event) => event.target.closest('.toast .shut')?.closest('.toast').remove());
  for (const node of box?.children ?? []) fade(node, LASTING_MS);
  const kept = sessionStorage.getItem(KEPT);
  if (!kept) return;
  sessionStorage.removeItem(KEPT);
  const { message, undo } = JSON.parse(kept);
  toast(message, { undo });
}
