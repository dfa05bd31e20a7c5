// form-js' own rules without a browser: `forms.check(schema, variables, submitted)` and `forms.describe(schema)`.
// Its importer, sanitisers, conditions and validators decide; what a person could not have changed in the browser is told apart.
import './feel/intl.js';
import './forms/page.js';
import { Form, FormFields, buildExpressionContext } from '@bpmn-io/form-js-viewer';
import { IANAZone, Settings } from 'luxon';
import { addZone, takeMissingZones } from './feel/intl.js';
import { isLimit } from './feel/limits.js';
import { get, merge, oddKeys, put, same } from './forms/data.js';
import { instancesOf } from './forms/instances.js';
import LanguageModule from './forms/language.js';

const NoRenderer = { __init__: [], renderer: ['value', {}] };
const VOLATILE = /\b(now|today|random number|uuid)\s*\(/;
const KEPT = 50;
const imported = new Map();
const copy = (data) => JSON.parse(JSON.stringify(data));

function open(schemaText) {
  const known = imported.get(schemaText);
  if (known) return known;
  const form = new Form({ additionalModules: [LanguageModule, NoRenderer] });
  let done;
  form.on('import.done', 1000, (event) => { done = event; });
  form.importSchema(JSON.parse(schemaText), {}).catch(() => {});
  if (done.error) throw done.error;
  if (imported.size >= KEPT) imported.delete(imported.keys().next().value);
  imported.set(schemaText, form);
  return form;
}

// The state that form-js has after `importSchema(schema, data)`, for a schema that is imported already.
function fill(form, data) {
  const state = form._getInitializedFieldData(copy(data));
  form._setState({ data: state, errors: {}, initialData: copy(state) });
  return state;
}

const named = (instance) => instance.path.join('.');
const isComputed = (instance) => instance.field.type === 'expression';

// The instances for data that changes while they are looked at: listed anew only after a change.
class Sheet {
  constructor(form, data, initial, submitted) { Object.assign(this, { form, data, initial, submitted, known: null }); }
  get list() { return this.known ??= instancesOf(this.form, this.data, this.initial); }
  value(instance) { return get(this.data, instance.path); }
  sent(instance) { return get(this.submitted, instance.path); }
  put(instance, value) { put(this.data, instance.path, value); this.known = null; }
}

// Values of read-only and disabled fields go back to what they were before this submission.
function restore(sheet) {
  const refused = new Set();
  for (let pass = 0; pass < 2; pass++) {
    for (const instance of sheet.list) {
      if (!instance.readonly && !instance.field.disabled || isComputed(instance)) continue;
      const before = get(sheet.initial, instance.path);
      if (same(before, sheet.value(instance))) continue;
      if (!instance.hidden && !instance.field.disabled && sheet.sent(instance) !== undefined) refused.add(named(instance));
      sheet.put(instance, before);
    }
    if (sheet.known) break;
  }
  return refused;
}

function compute(form, instance) {
  const language = form.get('expressionLanguage');
  const value = language.evaluate(instance.field.expression, buildExpressionContext(instance.context));
  return value === undefined || value === null ? null : copy(value);
}

// Calculated fields: what was sent must be what the form calculates; the time of day is always the server's.
function calculate(sheet, insert) {
  const moving = (instance) => VOLATILE.test(instance.field.expression ?? '');
  const calculated = () => sheet.list.filter((instance) => isComputed(instance) && !instance.hidden);
  for (let pass = 0; pass < 10; pass++) {
    for (const instance of calculated()) {
      if (sheet.sent(instance) !== undefined ? !moving(instance) || pass : !insert) continue;
      const value = compute(sheet.form, instance);
      if (!same(value, sheet.value(instance)) && !(moving(instance) && pass)) sheet.put(instance, value);
    }
    if (sheet.known) break;
  }
  return new Set(calculated()
    .filter((instance) => sheet.sent(instance) !== undefined && !moving(instance) && !same(compute(sheet.form, instance), sheet.value(instance)))
    .map(named));
}

// form-js leaves it to the browser whether a value is among options that an expression gives.
function outsideOptions(form, instance, value) {
  if (!instance.field.valuesExpression || value === null || value === undefined || value === '') return false;
  const options = form.get('expressionLanguage').evaluate(instance.field.valuesExpression, buildExpressionContext(instance.context));
  const allowed = (Array.isArray(options) ? options : []).map((option) => option !== null && typeof option === 'object' ? option.value : option);
  const many = ['taglist', 'checklist'].includes(instance.field.type);
  return (many && Array.isArray(value) ? value : [value]).some((each) => !allowed.some((option) => same(option, each)));
}

function validate(form, list, data) {
  const registry = form.get('formFieldInstanceRegistry');
  registry.clear();
  list.forEach((instance, n) => registry.syncInstance(`i${n}`, {
    id: instance.field.id, expressionContextInfo: instance.context, valuePath: instance.path,
    value: get(data, instance.path), indexes: instance.indexes, hidden: instance.hidden,
  }));
  const byId = form.validate(), errors = {};
  for (const instance of list) {
    if (instance.hidden) continue;
    const texts = get(byId, [instance.field.id, ...Object.values(instance.indexes)]);
    if (Array.isArray(texts) && texts.length) errors[named(instance)] = [...texts];
    if (!instance.field.disabled && outsideOptions(form, instance, get(data, instance.path))) {
      (errors[named(instance)] ??= []).push('Value is not one of the allowed options.');
    }
  }
  return errors;
}

const empty = (value) => value === null || value === undefined || value === '' || value === false || Array.isArray(value) && value.length === 0;

// form-js cleans silently what a browser could never send: text for a number, an option that does not exist. A person
// whose answer would be gone is told.
function isLost(sent, kept) {
  return !empty(sent) && (empty(kept) || Array.isArray(sent) && Array.isArray(kept) && kept.length < sent.length);
}

function pass(form, initial, variables, submitted, insert) {
  const data = fill(form, merge(variables, submitted));
  const sheet = new Sheet(form, data, initial, submitted);
  const readonly = restore(sheet);
  const computed = calculate(sheet, insert);
  form._setState({ data, initialData: initial });
  const { list } = sheet;
  const errors = validate(form, list, data);
  const add = (path, text) => { (errors[path] ??= []).push(text); };
  for (const path of readonly) add(path, 'Field is read-only.');
  for (const path of computed) add(path, 'Field is calculated by the form.');
  for (const instance of list) {
    if (instance.hidden || instance.field.disabled || errors[named(instance)]) continue;
    if (isLost(get(submitted, instance.path), get(data, instance.path))) add(named(instance), 'Value is not usable here.');
  }
  return { values: form._getSubmitData(), errors, list, data, tampered: [...readonly, ...computed] };
}

function check(schemaText, variables, submitted) {
  const form = open(schemaText);
  form.get('expressionLanguage').odd = oddKeys([variables, submitted]);
  const initial = copy(fill(form, variables));
  const asSent = pass(form, initial, variables, submitted, false);
  const missing = asSent.list.some((instance) => isComputed(instance) && get(submitted, instance.path) === undefined);
  const filled = missing ? pass(form, initial, variables, submitted, true) : asSent;
  const visible = asSent.list.filter((instance) => !instance.hidden);
  const known = new Set(asSent.list.map((instance) => String(instance.path[0])));
  const sent = (instance) => get(submitted, instance.path) !== undefined;
  return {
    data: asSent.values, values: filled.values, errors: { ...filled.errors, ...asSent.errors },
    hidden: asSent.list.filter((instance) => instance.hidden).map(named),
    readonly: visible.filter((instance) => instance.readonly || instance.field.disabled).map(named),
    tampered: [...new Set([...asSent.tampered, ...filled.tampered])],
    changed: visible.filter((instance) => sent(instance) && !instance.field.disabled && !same(get(submitted, instance.path), get(asSent.data, instance.path))).map(named),
    unknown: Object.keys(submitted).filter((key) => !known.has(key)),
  };
}

function answer(code) {
  let result;
  try { result = code(); } catch (error) {
    if (isLimit(error)) throw error;
    result = { schemaError: String(error?.message ?? error) };
  }
  const zones = takeMissingZones();
  return JSON.stringify(zones.length ? { zones } : result);
}

globalThis.forms = {
  addZone(name, table) { addZone(name, JSON.parse(table)); IANAZone.resetCache(); },
  check(schemaText, variablesText, submittedText, millis) {
    Settings.now = () => millis;
    return answer(() => check(schemaText, JSON.parse(variablesText), JSON.parse(submittedText)));
  },
  // What the importer says of a schema: {} or {schemaError}.
  open(schemaText) { return answer(() => { open(schemaText); return {}; }); },
  // {} or {problem}: whether a validation pattern is a regular expression here and in a browser.
  pattern(text) { try { new RegExp(text); return '{}'; } catch (error) { return JSON.stringify({ problem: error.message }); } },
  // type -> {keyed, pathed, repeatable}
  types() {
    const all = new FormFields()._formFields;
    return JSON.stringify(Object.fromEntries(Object.entries(all).map(([type, { config }]) =>
      [type, { keyed: !!config.keyed, pathed: !!config.pathed, repeatable: !!config.repeatable }])));
  },
};
