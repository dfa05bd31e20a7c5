// The keys: / search, ? help, j k rows, Enter and double-click open, c claims, g t / r / m / i go.
let going = 0;

const typing = (node) => node.closest('input, textarea, select, [contenteditable="true"], .djs-container, .fjs-container, .bio-properties-panel, dialog[open]');
const rows = () => [...document.querySelectorAll('[data-row] a.open')].filter((node) => node.offsetParent);

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement?.closest('[data-row]')?.querySelector('a.open'));
  const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
  next.focus();
  next.scrollIntoView({ block: 'nearest' });
}

function claim() {
  const row = document.activeElement?.closest('[data-row]');
  (row ?? document).querySelector('[data-claim]')?.click();
}

function go(key) {
  document.querySelector(`.rail a[data-key="${CSS.escape(key)}"]`)?.click();
}

const help = () => { const dialog = document.getElementById('keys'); if (dialog && !dialog.open) dialog.showModal(); };

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (going && Date.now() - going < 2000) {
    going = 0;
    go(event.key);
    return;
  }
  const actions = { '/': () => document.getElementById('find')?.focus(), '?': help, j: () => move(1), k: () => move(-1), c: claim, g: () => { going = Date.now(); } };
  if (!actions[event.key]) return;
  event.preventDefault();
  actions[event.key]();
}

export function start() {
  document.addEventListener('keydown', pressed);
  document.addEventListener('dblclick', (event) => {
    const row = event.target.closest('[data-row]');
    if (row && !event.target.closest('a, button, input')) row.querySelector('a.open')?.click();
  });
  document.addEventListener('click', (event) => { if (event.target.closest('[data-help]')) help(); });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    const menu = document.querySelector('details.menu[open]');
    if (!menu) return;
    menu.open = false;
    menu.querySelector('summary').focus();
  });
}
