// Writing decisions: dmn-js, one view for the graph and one for each decision, checked by the server as one types.
import Modeler from 'dmn-js/lib/Modeler';
import 'dmn-js/dist/assets/diagram-js.css';
import 'dmn-js/dist/assets/dmn-js-shared.css';
import 'dmn-js/dist/assets/dmn-js-drd.css';
import 'dmn-js/dist/assets/dmn-js-decision-table.css';
import 'dmn-js/dist/assets/dmn-js-decision-table-controls.css';
import 'dmn-js/dist/assets/dmn-js-literal-expression.css';
import './css/parts/dmn.css';
import { getText } from './lib/server.js';
import { text } from './lib/texts.js';
import { restoredNote, workbench } from './lib/workbench.js';

const bench = document.getElementById('bench');
const host = document.getElementById('canvas');
const tabs = document.getElementById('views');
const modeler = new Modeler({ container: host, drd: { drilldown: { enabled: true } } });

const original = bench.dataset.xml ? await getText(bench.dataset.xml) : JSON.parse(document.getElementById('empty').textContent);
const source = async () => (await modeler.saveXML({ format: true })).xml;
const decisions = () => modeler.getViews().map((view) => view.element).filter((one) => one.$type === 'dmn:Decision');
const board = workbench({
  bench, source, changes, go,
  file: () => (bench.dataset.xml ? bench.dataset.file : `${decisions()[0]?.id ?? 'new_rules'}.dmn`),
});

const parsed = (xml) => [...new DOMParser().parseFromString(xml, 'application/xml').getElementsByTagName('*')].filter((one) => one.localName === 'decision');
const words = (node) => node.outerHTML.replace(/\s+/g, ' ').replace(/> </g, '><');
let base = [];

// What a deployment would change, decision by decision and rule by rule.
async function changes() {
  const byId = (list) => Object.fromEntries(list.map((one) => [one.getAttribute('id'), one]));
  const [before, after] = [byId(base), byId(parsed(await source()))];
  const named = (one) => one.getAttribute('name') || one.getAttribute('id');
  const lines = [
    ...Object.keys(after).filter((id) => !before[id]).map((id) => [text('added'), named(after[id])]),
    ...Object.keys(before).filter((id) => !after[id]).map((id) => [text('removed'), named(before[id])]),
  ];
  for (const id of Object.keys(after)) if (before[id] && words(before[id]) !== words(after[id])) lines.push([text('changed'), `${named(after[id])}${rules(before[id], after[id])}`]);
  return lines;
}

function rules(before, after) {
  const list = (node) => [...node.children].flatMap((one) => (one.localName === 'decisionTable' ? [...one.children] : [])).filter((one) => one.localName === 'rule');
  const known = new Set(list(before).map(words));
  const numbers = list(after).map((one, at) => (known.has(words(one)) ? 0 : at + 1)).filter(Boolean);
  return numbers.length ? ` (${text('rules', numbers.join(', '))})` : '';
}

// Open the decision that holds an element, or is it.
async function go(element) {
  const holder = parsed(await source()).find((one) => one.getAttribute('id') === element || [...one.getElementsByTagName('*')].some((inner) => inner.getAttribute('id') === element));
  const view = modeler.getViews().find((one) => one.element.id === holder?.getAttribute('id'));
  if (view) await modeler.open(view);
}

function showTabs({ views, activeView }) {
  tabs.replaceChildren(...views.map((view) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'chip';
    button.textContent = view.type === 'drd' ? tabs.dataset.graph : view.name || view.id;
    if (view.id === activeView?.id && view.type === activeView?.type) button.setAttribute('aria-current', 'true');
    button.addEventListener('click', () => modeler.open(view));
    return button;
  }));
}

// The corner above the numbers of the rules heads nothing.
function tidy() {
  for (const corner of host.querySelectorAll('th.index-column')) corner.setAttribute('role', 'presentation');
}

// Each view has its own stack of commands, made when it is first opened.
const heard = new WeakSet();
function listen() {
  const viewer = modeler.getActiveViewer();
  if (!viewer || heard.has(viewer)) return;
  heard.add(viewer);
  viewer.on('elements.changed', board.changed);
  viewer.on('commandStack.changed', board.changed);
}

async function open(xml) {
  await modeler.importXML(xml);
  const table = modeler.getViews().find((view) => view.element.id === bench.dataset.decision) ?? modeler.getViews().find((view) => view.type !== 'drd');
  if (table) await modeler.open(table);
}

document.querySelector('[data-download]').addEventListener('click', async () => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([await source()], { type: 'application/xml' }));
  link.download = bench.dataset.file;
  link.click();
  URL.revokeObjectURL(link.href);
});

modeler.on('views.changed', (event) => { showTabs(event); listen(); tidy(); });
const kept = board.kept();
host.querySelector('.wait')?.remove();
await open(original);
base = parsed(await source()); // as the editor writes it, so that only what somebody changed differs
if (kept) {
  try {
    await open(kept.source);
    restoredNote(kept.at, board.forget);
  } catch {
    board.forget();
    await open(original);
  }
}
listen();
tidy();
window.tidegate = { modeler };
host.dataset.ready = 'true';
await board.check();
