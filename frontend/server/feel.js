// FEEL for the server: `feel.*` takes and returns text, so that nothing but text crosses the border of the engine.
import './feel/intl.js';
import { IANAZone, Settings } from 'luxon';
import { inside } from '@bpmn-io/feelin';
import { addZone, takeMissingZones } from './feel/intl.js';
import { decode, encode, setMark } from './feel/values.js';
import { isLimit } from './feel/limits.js';
import { names, setClock, setSeed } from './feel/builtins.js';
import { check, steering } from './feel/check.js';
import './feel/semantics.js';

const { interpreter, InterpreterContext } = inside;
const KEPT = 1000;
const compiled = new Map();
let now = 0;
Settings.now = () => now;

// The parse depends on the names in the context only where they are more than one plain word.
function compile(kind, expression, context, plain) {
  const key = kind + expression;
  const known = plain && compiled.get(key);
  if (known) return known;
  const warnings = new InterpreterContext();
  const names = plain ? steering : { ...steering, ...context };
  const { root } = interpreter[kind](expression, names, 'camunda', warnings);
  const code = { root, warnings };
  if (plain) {
    if (compiled.size >= KEPT) compiled.delete(compiled.keys().next().value);
    compiled.set(key, code);
  }
  return code;
}

function failure(error) {
  if (error?.position) return { problem: error.message, ...error.position, syntax: true };
  if (isLimit(error)) throw error;
  return { problem: String(error?.message ?? error) };
}

function run(kind, expression, text, hasMarks, plain) {
  const context = decode(text, hasMarks);
  const { root, warnings } = compile(kind, expression, context, plain);
  warnings.warnings.length = 0;
  const value = kind === 'unaryTest' ? root(context)(context['?'] ?? null) : root(context);
  const { text: json, marked } = encode(value);
  const told = warnings.warnings.map(({ type, message, position }) => [type, message, position?.from ?? 0, position?.to ?? 0]);
  // Joined, not added up: long sums of strings are ropes inside the engine, which its binding cannot hand over.
  return ['{"marked":', marked, ',"warnings":', told.length ? JSON.stringify(told.slice(0, 20)) : '[]', ',"value":', json, '}'].join('');
}

globalThis.feel = {
  setUp(mark, words) { setMark(mark); setSeed(JSON.parse(words)); },
  addZone(name, table) { addZone(name, JSON.parse(table)); IANAZone.resetCache(); },
  // One line of JSON: {marked, warnings, value}, {problem, ...} or {zones: [...]} for zones that it must be told of first.
  evaluate(kind, expression, text, hasMarks, plain, millis, today) {
    now = millis;
    setClock(millis, today);
    let answer;
    try { answer = run(kind, expression, text, hasMarks, plain); } catch (error) { answer = JSON.stringify(failure(error)); }
    const zones = takeMissingZones();
    return zones.length ? JSON.stringify({ zones }) : answer;
  },
  check(expression, known, unary, inForm) { return JSON.stringify(check(expression, JSON.parse(known), unary, inForm)); },
  functions: () => JSON.stringify(names),
};
