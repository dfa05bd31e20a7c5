// A form-js form on a page: filled in, kept as a draft, checked by the server; or shown only.
import { Form } from '@bpmn-io/form-js-viewer';
import '@bpmn-io/form-js-viewer/dist/assets/form-js.css';
import { alertIn, follow } from './lib/forms.js';
import { formWords } from './lib/formwords.js';
import { post } from './lib/server.js';
import { text } from './lib/texts.js';
import { toast } from './lib/toasts.js';

const DRAFT_MS = 700;
const box = document.getElementById('form');
const given = document.getElementById('form-data');

if (box && given) await draw(JSON.parse(given.textContent));

async function draw({ schema, data }) {
  const form = new Form({ container: box, additionalModules: [formWords] });
  box.replaceChildren();
  form.attachTo(box);
  await form.importSchema(schema, data);
  form.setProperty('readOnly', box.dataset.readonly === 'true' || !box.dataset.complete);
  box.dataset.ready = 'true';
  document.querySelector('[data-complete-button]')?.addEventListener('click', (event) => complete(form, event.currentTarget));
  if (box.dataset.draft) keepDrafts(form);
}

async function complete(form, button) {
  const card = box.closest('.card');
  const { data, errors } = form.submit();
  if (Object.keys(errors).length) {
    focusFirst();
    toast(text('wrong'), { kind: 'bad' });
    return;
  }
  const reason = document.querySelector('[data-with-form]');
  button.disabled = true;
  clearTimeout(timer);
  try {
    follow(await post(box.dataset.complete, reason ? { ...data, reason: reason.value } : data));
  } catch (refused) {
    if (!refused.problem) throw refused;
    show(form, refused.problem, card);
  } finally {
    button.disabled = false;
  }
}

// The server's words go to the fields they name; what it says besides goes above the form.
function show(form, problem, card) {
  const fields = form.get('formFieldRegistry').getAll();
  const errors = {};
  const rest = [];
  for (const [name, texts] of Object.entries(problem.errors ?? {})) {
    const field = fields.find((one) => one.key === name || one.path === name || one.id === name);
    if (field) errors[field.id] = texts;
    else rest.push(`${name}: ${texts.join(' ')}`);
  }
  form._setState({ errors });
  if (!problem.errors) rest.push(problem.detail || problem.title);
  if (rest.length) alertIn(card.querySelector('[data-error]'), rest);
  if (Object.keys(errors).length) requestAnimationFrame(focusFirst);
  if (problem.status === 409) document.dispatchEvent(new CustomEvent('tidegate:refresh'));
}

function focusFirst() {
  box.querySelector('.fjs-has-errors input, .fjs-has-errors textarea, .fjs-has-errors select, .fjs-has-errors [tabindex]')?.focus();
}

let timer = 0;
function keepDrafts(form) {
  const note = document.querySelector('[data-saved]');
  let last = JSON.stringify(form._getSubmitData());
  const keep = async () => {
    const values = form._getSubmitData();
    const now = JSON.stringify(values);
    if (now === last) return;
    note.textContent = text('saving');
    try {
      await post(box.dataset.draft, values);
      last = now;
      note.textContent = text('saved');
    } catch (refused) {
      note.textContent = text('unsaved', refused.message);
    }
  };
  form.on('changed', () => {
    clearTimeout(timer);
    timer = setTimeout(keep, DRAFT_MS);
  });
  addEventListener('visibilitychange', () => { if (document.hidden) keep(); });
}
