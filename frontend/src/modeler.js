// Drawing a model: bpmn-js with the properties panel for our vocabulary, checked by the server as one types.
import Modeler from 'bpmn-js/lib/Modeler';
import { BpmnModdle } from 'bpmn-moddle';
import { diff } from 'bpmn-js-differ';
import { BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule } from 'bpmn-js-properties-panel';
import { CloudElementTemplatesPropertiesProviderModule } from 'bpmn-js-element-templates';
import { CreateAppendAnythingModule, CreateAppendElementTemplatesModule } from 'bpmn-js-create-append-anything';
import ElementTemplateChooserModule from '@bpmn-io/element-template-chooser';
import ZeebeBehaviorsModule from 'camunda-bpmn-js-behaviors/lib/camunda-cloud';
import zeebe from 'zeebe-bpmn-moddle/resources/zeebe.json';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import './css/parts/bpmn-font.css';
import '@bpmn-io/properties-panel/dist/assets/properties-panel.css';
import 'bpmn-js-element-templates/dist/assets/element-templates.css';
import '@bpmn-io/element-template-chooser/dist/element-template-chooser.css';
import { reveal } from './lib/diagram.js';
import { get, getText, post } from './lib/server.js';
import { text } from './lib/texts.js';
import { restoredNote, workbench } from './lib/workbench.js';

const bench = document.getElementById('bench');
const host = document.getElementById('canvas');
const DIALECT = '@camunda/zeebe-element-templates-json-schema'; // the templates are for its dialect
const id = () => Math.random().toString(36).slice(2, 9);
const EMPTY = () => `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:modeler="http://camunda.org/schema/modeler/1.0" id="definitions_${id()}" targetNamespace="http://bpmn.io/schema/bpmn" modeler:executionPlatform="Camunda Cloud" modeler:executionPlatformVersion="8.6.0">
  <bpmn:process id="model_${id()}" name="" isExecutable="true"><bpmn:startEvent id="start" /></bpmn:process>
  <bpmndi:BPMNDiagram id="diagram"><bpmndi:BPMNPlane id="plane" bpmnElement="PROCESS"><bpmndi:BPMNShape id="start_di" bpmnElement="start"><dc:Bounds x="180" y="160" width="36" height="36" /></bpmndi:BPMNShape></bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>`;

function empty() {
  const xml = EMPTY();
  return xml.replace('PROCESS', /process id="(\w+)"/.exec(xml)[1]);
}

const modeler = new Modeler({
  propertiesPanel: { parent: '#panel' },
  additionalModules: [
    BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule,
    CloudElementTemplatesPropertiesProviderModule, ElementTemplateChooserModule,
    CreateAppendAnythingModule, CreateAppendElementTemplatesModule, ZeebeBehaviorsModule,
  ],
  moddleExtensions: { zeebe },
});

const original = bench.dataset.xml ? await getText(bench.dataset.xml) : empty();
const source = async () => (await modeler.saveXML({ format: true })).xml;
const board = workbench({
  bench,
  source,
  changes,
  marked,
  checked,
  go: (element) => reveal(modeler, element) ?? reveal(modeler, modeler.get('canvas').getRootElement().id),
  file: () => (bench.dataset.xml ? bench.dataset.file : `${process().id}.bpmn`),
});

const process = () => modeler.getDefinitions().rootElements.find((one) => one.$type === 'bpmn:Process') ?? { id: 'new_model' };

async function open() {
  const kept = board.kept();
  try {
    await modeler.importXML(kept?.source ?? original);
    if (kept) restoredNote(kept.at, board.forget);
  } catch (problem) {
    if (!kept) throw problem;
    board.forget();
    await modeler.importXML(original);
  }
  host.querySelector('.wait')?.remove();
  modeler.attachTo(host);
  fit();
  modeler.on('elementTemplates.errors', ({ errors }) => console.info('element templates', errors.map((one) => one.message)));
  modeler.get('elementTemplatesLoader').setTemplates((await get(bench.dataset.templates)).map((one) => ({ $schema: DIALECT, ...one })));
  modeler.on('commandStack.changed', board.changed);
  host.dataset.ready = 'true';
  await board.check();
}

// The palette covers the left edge of the board.
function fit() {
  const canvas = modeler.get('canvas');
  canvas.zoom('fit-viewport', 'auto');
  const { inner, outer } = canvas.viewbox();
  const room = Math.max(outer.width - 150, 200);
  const scale = Math.min(1, room / inner.width, (outer.height - 40) / inner.height);
  canvas.viewbox({ x: inner.x - 130 / scale, y: inner.y - (outer.height / scale - inner.height) / 2, width: outer.width / scale, height: outer.height / scale });
}

let wrong = [];
function marked(problems) {
  const canvas = modeler.get('canvas');
  const registry = modeler.get('elementRegistry');
  for (const name of wrong) if (registry.get(name)) canvas.removeMarker(name, 'is-wrong');
  wrong = [...new Set(problems.filter((one) => one.severity === 'error' && registry.get(one.element_id)).map((one) => one.element_id))];
  for (const name of wrong) canvas.addMarker(name, 'is-wrong');
}

// What this drawing would mean for the releases that run, once it is deployed and they are moved to it.
async function checked(problems) {
  const wrong = problems.some((one) => one.severity === 'error');
  const told = bench.dataset.moves && !wrong ? await post(bench.dataset.moves, { source: await source() }) : { text: '', places: [] };
  for (const node of document.querySelectorAll('[data-moves-told]')) node.textContent = told.text;
  return told.places.map((one) => ({ severity: 'warning', element_id: one.element, message: `${one.name}: ${one.text}`, code: text('running') }));
}

// What a deployment would change, in words: [kind, element].
async function changes() {
  const read = async (xml) => (await new BpmnModdle({ zeebe }).fromXML(xml)).rootElement;
  const found = diff(await read(original), await read(await source()));
  const named = (one) => `${one.name || text('unnamed')} (${one.id})`;
  const lines = [
    ...Object.values(found._added).map((one) => [text('added'), named(one)]),
    ...Object.values(found._removed).map((one) => [text('removed'), named(one)]),
    ...Object.values(found._changed).map(({ model }) => [text('changed'), named(model)]),
  ];
  const moved = Object.keys(found._layoutChanged).length;
  if (!lines.length && moved) lines.push(['', text('layout_only')]);
  return lines;
}

document.querySelector('[data-download]').addEventListener('click', async () => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([await source()], { type: 'application/xml' }));
  link.download = bench.dataset.xml ? bench.dataset.file : `${process().id}.bpmn`;
  link.click();
  URL.revokeObjectURL(link.href);
});

window.tidegate = { modeler };
await open();
