// Forms of our pages: sent without leaving the page, refusals beside their fields, drafts kept, dialogs.
import { recount } from './live.js';
import { refresh, renewPage } from './refresh.js';
import { post } from './server.js';
import { text } from './texts.js';
import { keepFor, toast } from './toasts.js';

const user = document.body.dataset.user ?? '';

/** Go where the server says; the same page is only brought up to date. */
export function follow({ location: goal, message, undo }) {
  const target = new URL(goal, location.href);
  if (target.pathname === location.pathname && target.search === location.search) {
    renewPage();
    recount();
    toast(message, { undo });
    return;
  }
  if (message) keepFor({ message, undo });
  location.assign(target);
}

export function clearErrors(form) {
  for (const node of form.querySelectorAll('.wrong')) node.remove();
  for (const node of form.querySelectorAll('[aria-invalid]')) node.removeAttribute('aria-invalid');
  const box = form.querySelector('[data-error]');
  if (box) box.replaceChildren();
}

/** Put the server's words beside the fields they are about; the rest above. */
export function showProblem(form, problem) {
  clearErrors(form);
  const rest = [];
  let first = null;
  for (const [name, texts] of Object.entries(problem.errors ?? {})) {
    const input = form.querySelector?.(`[name="${CSS.escape(name)}"]`);
    if (!input) { rest.push(`${name}: ${texts.join(' ')}`); continue; }
    input.setAttribute('aria-invalid', 'true');
    const node = document.createElement('span');
    node.className = 'wrong';
    node.id = `wrong-${name}`;
    node.textContent = texts.join(' ');
    input.setAttribute('aria-describedby', node.id);
    (input.closest('.choices') ?? input).after(node);
    first ??= input;
  }
  for (const one of problem.problems ?? []) rest.push(`${one.file}${one.line ? `:${one.line}` : ''} ${one.element_id ?? ''} ${one.message}`);
  if (!problem.errors && !problem.problems) rest.push(problem.detail || problem.title || text('failed'));
  if (rest.length) alertIn(form.querySelector('[data-error]'), rest);
  first?.focus();
}

export function alertIn(box, lines) {
  if (!box) { toast(lines.join(' '), { kind: 'bad' }); return; }
  const node = document.createElement('div');
  node.className = 'alert bad';
  const inner = document.createElement('div');
  for (const line of lines) {
    const p = document.createElement('p');
    p.textContent = line;
    inner.append(p);
  }
  node.append(inner);
  box.replaceChildren(node);
  box.scrollIntoView({ block: 'nearest' });
}

async function send(form, submitter) {
  const buttons = [...form.querySelectorAll('button')];
  buttons.forEach((one) => { one.disabled = true; });
  try {
    const body = new FormData(form);
    if (submitter?.name) body.append(submitter.name, submitter.value);
    const done = await post(form.action, body);
    clearErrors(form);
    drop(form);
    form.closest('dialog')?.close();
    if (form.dataset.reset !== undefined) form.reset();
    follow(done);
  } catch (refused) {
    if (!refused.problem) throw refused;
    if (refused.problem.status === 401) location.reload();
    showProblem(form, refused.problem);
    // who has been told of another's change may save over it
    if (refused.problem.revision && form.elements.revision) form.elements.revision.value = refused.problem.revision;
    if (refused.problem.status === 409) refresh();
  } finally {
    buttons.forEach((one) => { one.disabled = false; });
  }
}

const draftKey = (form) => `tidegate.draft.${user}.${form.dataset.draft}`;
const drop = (form) => { if (form.dataset.draft) localStorage.removeItem(draftKey(form)); };

function keep(form) {
  const values = {};
  for (const [name, value] of new FormData(form)) if (typeof value === 'string' && name !== 'csrf_token' && name !== 'next') values[name] = value;
  localStorage.setItem(draftKey(form), JSON.stringify(values));
}

function restore(form) {
  const kept = JSON.parse(localStorage.getItem(draftKey(form)) ?? '{}');
  for (const [name, value] of Object.entries(kept)) {
    for (const input of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (input.type === 'radio' || input.type === 'checkbox') input.checked = input.value === value;
      else if (input.type !== 'hidden' && input.type !== 'password') input.value = value;
    }
  }
}

export function start() {
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.dataset.submit === undefined || form.method !== 'post' || event.submitter?.formTarget) return;
    event.preventDefault();
    send(form, event.submitter);
  });
  document.addEventListener('input', (event) => {
    const form = event.target.closest('form[data-draft]');
    if (form) keep(form);
  });
  for (const form of document.querySelectorAll('form[data-draft]')) restore(form);
  document.addEventListener('click', (event) => {
    const opener = event.target.closest('[data-dialog]');
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    if (event.target.closest('[data-close]')) event.target.closest('dialog')?.close();
    if (event.target.closest('[aria-disabled="true"]')) event.preventDefault();
    for (const menu of document.querySelectorAll('details.menu[open]')) if (!menu.contains(event.target)) menu.open = false;
  });
}
