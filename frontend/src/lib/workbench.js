// What the modeler and the form editor share: check as you type, the list of problems, drafts, deploying.
import { alertIn, follow } from './forms.js';
import { post } from './server.js';
import { text } from './texts.js';

const CHECK_MS = 500;
const PANEL_MS = 350; // the panels hand over what was typed last a moment later
const user = document.body.dataset.user ?? '';
const icons = {
  error: '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6"/><path d="M8 4.5v4M8 11v.2"/></svg>',
  warning: '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M8 2L14.5 13.5H1.5zM8 6.5v3M8 11.5v.2"/></svg>',
};

/**
 * bench: the element with data-check, data-deploy, data-file, data-draft.
 * source: () => Promise<string>, what would be deployed; changes: () => Promise<string[][]>, [kind, name] of what changed;
 * go: (element id) => void; marked: (problems) => void; checked: (problems) => Promise, what else to ask.
 */
export function workbench({ bench, source, changes, go, marked = () => {}, checked = () => {}, file = () => bench.dataset.file }) {
  const summary = document.querySelector('#problems [data-summary]');
  const list = document.querySelector('#problems [data-list]');
  const dialog = document.getElementById('deploy');
  const key = `tidegate.bench.${user}.${bench.dataset.draft}`;
  let timer = 0;
  let asked = 0;
  let dirty = false;

  async function check() {
    const mine = ++asked;
    summary.textContent = text('checking');
    try {
      const { problems } = await post(bench.dataset.check, { file: file(), source: await source() });
      if (mine !== asked) return;
      tell(problems);
      const more = await checked(problems);
      if (more?.length && mine === asked) list.append(...more.map(line));
    } catch (refused) {
      if (mine === asked) summary.textContent = refused.message;
    }
  }

  function tell(problems) {
    const wrong = problems.filter((one) => one.severity === 'error');
    const words = wrong.length === 1 ? text('problem') : wrong.length ? text('problems', wrong.length) : problems.length ? text('warnings_only', problems.length) : text('no_problems');
    summary.textContent = words;
    summary.dataset.errors = wrong.length;
    list.replaceChildren(...[...wrong, ...problems.filter((one) => one.severity !== 'error')].map(line));
    marked(problems);
  }

  function line(problem) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = `problem ${problem.severity}`;
    button.innerHTML = icons[problem.severity] ?? icons.warning;
    for (const [name, value] of [['strong', problem.element_id ?? (problem.line ? text('line', problem.line) : '')], ['', problem.message], ['code', problem.code]]) {
      const node = document.createElement('span');
      if (name) node.className = name;
      node.textContent = value;
      button.append(node);
    }
    button.addEventListener('click', () => problem.element_id && go(problem.element_id));
    return button;
  }

  async function changed() {
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(check, CHECK_MS);
    try {
      localStorage.setItem(key, JSON.stringify({ at: Date.now(), source: await source() }));
    } catch { /* a full store must not stop the drawing */ }
  }

  async function ask() {
    document.activeElement?.blur?.();
    await new Promise((resolve) => setTimeout(resolve, PANEL_MS));
    const found = await changes();
    const items = (found.length ? found : [['', text('nothing_changed')]]).map(([kind, name]) => {
      const li = document.createElement('li');
      if (kind) {
        const badge = document.createElement('span');
        badge.className = 'badge';
        badge.textContent = kind;
        li.append(badge);
      }
      li.append(document.createTextNode(name));
      return li;
    });
    dialog.querySelector('[data-changes]').replaceChildren(...items);
    dialog.querySelector('[data-error]').replaceChildren();
    dialog.showModal();
  }

  async function deploy(event) {
    const button = event.currentTarget;
    button.disabled = true;
    try {
      const done = await post(bench.dataset.deploy, { file: file(), source: await source() });
      forget();
      follow(done);
    } catch (refused) {
      if (!refused.problem) throw refused;
      const { problems } = refused.problem;
      if (problems) tell(problems);
      alertIn(dialog.querySelector('[data-error]'), problems ? problems.map((one) => one.message) : [refused.message]);
    } finally {
      button.disabled = false;
    }
  }

  function forget() {
    dirty = false;
    localStorage.removeItem(key);
  }

  document.querySelector('[data-deploy].button, button[data-deploy]').addEventListener('click', ask);
  dialog.querySelector('[data-confirm]').addEventListener('click', deploy);
  addEventListener('beforeunload', (event) => { if (dirty && !localStorage.getItem(key)) event.preventDefault(); });

  return { check, changed, forget, kept: () => JSON.parse(localStorage.getItem(key) ?? 'null') };
}

/** Say that earlier work is back, and offer to throw it away. */
export function restoredNote(at, forget) {
  const note = document.querySelector('[data-kept]');
  note.textContent = `${text('restored', new Date(at).toLocaleString(document.documentElement.lang))} `;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button small';
  button.textContent = text('discard');
  button.addEventListener('click', () => { forget(); location.reload(); });
  note.append(button);
}
