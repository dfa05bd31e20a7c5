// form-js' own expression language (feelin, nothing added), with the parsed expressions kept.
import { inside } from '@bpmn-io/feelin';
import { isLimit } from '../feel/limits.js';

const { interpreter, InterpreterContext } = inside;
const KEPT = 1000;
const compiled = new Map();

function compile(kind, text) {
  const key = kind + text;
  let code = compiled.get(key);
  if (!code) {
    if (compiled.size >= KEPT) compiled.delete(compiled.keys().next().value);
    const warnings = new InterpreterContext();
    code = { warnings, root: interpreter[kind](text, {}, undefined, warnings).root };
    compiled.set(key, code);
  }
  code.warnings.warnings.length = 0;
  return code.root;
}

export class Language {
  constructor(eventBus) {
    this._eventBus = eventBus;
    this.odd = new Set();
  }
  isExpression(value) { return typeof value === 'string' && value.startsWith('='); }
  getVariableNames() { return []; }
  evaluate(expression, data = {}) { return this._run('evaluate', expression, data, (root) => root(data)); }
  evaluateUnaryTest(expression, data = {}) { return this._run('unaryTest', expression, data, (root) => root(data)(data['?'] ?? null)); }

  _run(kind, expression, data, run) {
    if (!this.isExpression(expression)) return null;
    const text = expression.slice(1);
    try {
      return run(this._depends(text) ? interpreter[kind](text, data, undefined, new InterpreterContext()).root : compile(kind, text));
    } catch (error) {
      if (isLimit(error)) throw error;
      this._eventBus.fire('error', { error });
      return null;
    }
  }
  // Whether a key of several words may be meant, so that the text reads otherwise with this data.
  _depends(text) {
    for (const key of this.odd) if (key.split(/\W+/).every((word) => text.includes(word))) return true;
    return false;
  }
}
Language.$inject = ['eventBus'];

export default { __init__: ['expressionLanguage'], expressionLanguage: ['type', Language] };
