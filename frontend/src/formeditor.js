// Drawing a form: form-js' editor, checked by the server as one types.
import { FormEditor } from '@bpmn-io/form-js-editor';
import '@bpmn-io/form-js-viewer/dist/assets/form-js.css';
import '@bpmn-io/form-js-editor/dist/assets/form-js-editor.css';
import '@bpmn-io/form-js-editor/dist/assets/properties-panel.css';
import { text } from './lib/texts.js';
import { restoredNote, workbench } from './lib/workbench.js';

const bench = document.getElementById('bench');
const { schema: original } = JSON.parse(document.getElementById('form-data').textContent);
const idField = document.querySelector('[data-form-id]');
const editor = new FormEditor({ container: bench });

let base = original;

const schema = () => ({ ...editor.getSchema(), ...(idField ? { id: idField.value } : {}) });
const board = workbench({
  bench,
  source: async () => JSON.stringify(schema(), null, 2),
  changes,
  go: (field) => { if (editor.get('formFieldRegistry').get(field)) editor.get('selection').set(editor.get('formFieldRegistry').get(field)); },
  file: () => (idField ? `${idField.value}.form` : bench.dataset.file),
});

const flat = (node, found = {}) => {
  for (const one of node.components ?? []) {
    found[one.id ?? one.key] = one;
    flat(one, found);
  }
  return found;
};
const named = (field) => field.label || field.key || field.text?.slice(0, 40) || field.id;
const plain = (field) => JSON.stringify({ ...field, components: undefined, layout: undefined });

async function changes() {
  const [before, after] = [flat(base), flat(schema())];
  return [
    ...Object.keys(after).filter((id) => !before[id]).map((id) => [text('added'), named(after[id])]),
    ...Object.keys(before).filter((id) => !after[id]).map((id) => [text('removed'), named(before[id])]),
    ...Object.keys(after).filter((id) => before[id] && plain(before[id]) !== plain(after[id])).map((id) => [text('changed'), named(after[id])]),
    ...(JSON.stringify(Object.keys(before)) !== JSON.stringify(Object.keys(after)) && Object.keys(before).length === Object.keys(after).length ? [['', text('layout_only')]] : []),
  ];
}

const kept = board.kept();
bench.replaceChildren();
editor.attachTo(bench);
await editor.importSchema(original);
base = structuredClone(editor.getSchema()); // as the editor writes it, so that only what somebody changed differs
if (kept) {
  await editor.importSchema(JSON.parse(kept.source));
  restoredNote(kept.at, board.forget);
}
editor.on('changed', board.changed);
idField?.addEventListener('input', board.changed);
bench.dataset.ready = 'true';
await board.check();
