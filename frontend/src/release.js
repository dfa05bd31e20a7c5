// The live diagram of a release, or the diagram of a model: tokens, done path, late and failed marks, drill-down.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import { renderer, reveal } from './lib/diagram.js';
import { get, getText } from './lib/server.js';
import { text } from './lib/texts.js';

const host = document.getElementById('canvas');
const side = document.getElementById('element');
const MARKERS = ['is-now', 'is-done', 'is-late', 'is-failed', 'is-added', 'is-changed'];
let viewer = null;
let shown = null;

if (host) await draw();

async function draw() {
  viewer = new NavigatedViewer({ bpmnRenderer: renderer() });
  const { warnings } = await viewer.importXML(await getText(host.dataset.xml));
  if (warnings.length) console.info('diagram', warnings.map((one) => one.message));
  host.replaceChildren();
  viewer.attachTo(host);
  const canvas = viewer.get('canvas');
  const fit = () => canvas.zoom('fit-viewport', 'auto');
  fit();
  new ResizeObserver(() => canvas.resized()).observe(host);
  viewer.on('root.set', () => requestAnimationFrame(fit));
  viewer.on('element.click', ({ element }) => { if (element !== canvas.getRootElement()) pick(element.labelTarget?.id ?? element.id, false); });
  document.addEventListener('click', (event) => {
    const node = event.target.closest('[data-node]');
    if (node) pick(node.dataset.node, true);
    if (event.target.closest('[data-outline]')) unpick();
  });
  if (host.dataset.marked) show(JSON.parse(document.getElementById(host.dataset.marked).textContent));
  if (host.dataset.marks) {
    await mark();
    // the right to look may have ended meanwhile
    document.addEventListener('tidegate:changed', () => mark().catch((refused) => { if (!refused.problem) throw refused; }));
  }
  host.dataset.ready = 'true';
}

async function mark() {
  const { marks } = await get(host.dataset.marks);
  show(marks);
}

function show(marks) {
  const canvas = viewer.get('canvas');
  const overlays = viewer.get('overlays');
  const registry = viewer.get('elementRegistry');
  overlays.remove({ type: 'token' });
  registry.forEach((element) => {
    for (const name of MARKERS) if (canvas.hasMarker(element, name)) canvas.removeMarker(element, name);
    const wanted = markersOf(element, marks);
    for (const name of wanted) canvas.addMarker(element, name);
  });
  for (const [id, one] of Object.entries(marks)) {
    if (one.tokens && registry.get(id)?.width) overlays.add(id, 'token', { position: { top: -11, left: -11 }, html: badge(one) });
  }
  if (shown && !side.querySelector('dialog[open]')) pick(shown, false);
}

function markersOf(element, marks) {
  if (element.waypoints) {
    const [from, to] = [marks[element.source?.id], marks[element.target?.id]];
    return from && to && from.state === 'done' ? ['is-done'] : [];
  }
  const one = marks[element.id];
  if (!one || element.type === 'label') return [];
  return [one.added && 'is-added', one.changed && 'is-changed', one.state && `is-${one.state}`, one.late && 'is-late', one.failed && 'is-failed'].filter(Boolean);
}

function badge(one) {
  const node = document.createElement('span');
  node.className = `token ${one.failed || one.inside === 'failed' ? 'failed' : one.late || one.inside ? 'late' : ''}`;
  node.textContent = one.text ? one.text : one.failed ? `! ${text('failed_here')}` : one.late ? `! ${one.due ?? text('late_here')}` : one.inside ? `! ${one.tokens}` : one.tokens;
  node.title = [text('tokens', one.tokens), one.inside && text(`${one.inside}_inside`), one.due].filter(Boolean).join(', ');
  return node;
}

let picked = null;
async function pick(id, move) {
  const canvas = viewer.get('canvas');
  if (picked) canvas.removeMarker(picked, 'is-picked');
  picked = viewer.get('elementRegistry').get(id) ?? null;
  if (picked) canvas.addMarker(picked, 'is-picked');
  if (move) reveal(viewer, id, { choose: false });
  if (!host.dataset.element || !side || picked?.waypoints) return;
  try {
    const html = await getText(host.dataset.element.replace('ELEMENT', encodeURIComponent(id)));
    shown = id;
    side.innerHTML = html;
    side.hidden = false;
    document.getElementById('outline').hidden = true;
    side.parentNode.scrollTop = 0;
  } catch { /* an element without a story */ }
}

function unpick() {
  shown = null;
  side.hidden = true;
  document.getElementById('outline').hidden = false;
  if (picked) viewer.get('canvas').removeMarker(picked, 'is-picked');
  picked = null;
}
