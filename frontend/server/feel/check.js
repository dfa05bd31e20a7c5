// What an expression needs and what is wrong with it, from its parse tree alone.
import { parseExpression, parseUnaryTests } from '@bpmn-io/feelin';
import { normalizeContextKey } from '@bpmn-io/lezer-feel';
import { names as builtinNames, standard } from './builtins.js';

const everywhere = new Set(builtinNames), inForms = new Set(standard);
const PLAIN = /^[\p{L}_][\p{L}\p{N}_]*$/u;

// Function names with a word in them that would be read as an operator: the parser must know them.
const OPERATORS = new Set(['or', 'and', 'in', 'of', 'is', 'not', 'between', 'instance', 'if', 'then', 'else', 'for', 'return']);
const NATIVE = new Set(['date and time', 'years and months duration', 'not']);
export const steering = Object.fromEntries(builtinNames
  .filter((name) => !NATIVE.has(name) && name.split(' ').some((word) => OPERATORS.has(word))).map((name) => [name, null]));

function children(node) {
  const list = [];
  for (let child = node.firstChild; child; child = child.nextSibling) list.push(child);
  return list;
}

class Walk {
  constructor(text, builtins, names) {
    this.written = new Map(names.map((name) => [normalizeContextKey(name), name]));
    this.text = text;
    this.builtins = builtins;
    this.problems = [];
    this.paths = new Set();
    this.variables = new Set();
  }
  name(node) {
    const parts = children(node).map((part) => this.text.slice(part.from, part.to).replace(/`/g, ''));
    const name = parts.join(' ') || this.text.slice(node.from, node.to);
    return this.written.get(name) ?? name;
  }
  problem(code, message, { from, to }) { this.problems.push({ code, message, from, to }); }

  // a.b.c -> ['a', 'b', 'c'] where it starts with a name, else null.
  path(node) {
    if (node.name === 'VariableName') return [this.name(node)];
    if (node.name !== 'PathExpression') return null;
    const [target, property] = children(node).filter((child) => child.name !== '.');
    const head = this.path(target);
    return head && property?.name === 'VariableName' ? [...head, this.name(property)] : null;
  }

  use(node, locals) {
    const path = this.path(node);
    if (!path) return false;
    if (!locals.has(path[0])) {
      this.variables.add(path[0]);
      this.paths.add(path.join('.'));
    }
    return true;
  }

  all(nodes, locals) { for (const node of nodes) this.visit(node, locals); }

  visit(node, locals) {
    if (node.type.isError) {
      const shown = this.text.slice(node.from, node.to);
      return this.problem('SYNTAX', shown ? `"${shown}" is not understood here.` : 'The expression is incomplete here.', node);
    }
    const visitor = visitors[node.name];
    if (visitor) visitor(this, node, locals); else this.all(children(node), locals);
  }
}

function nameIn(walk, node) {
  const found = node.getChild('Name') ?? node.getChild('ParameterName') ?? node;
  return walk.name(found.name === 'ParameterName' && found.firstChild ? found.firstChild : found);
}

// for, some, every: each `x in list` sees the names before it, the body sees all.
function iterate(walk, node, locals) {
  const inner = new Set([...locals, 'partial']);
  for (const child of children(node)) {
    if (child.name !== 'InExpressions') { walk.visit(child, inner); continue; }
    for (const each of children(child)) {
      if (each.name !== 'InExpression') { walk.visit(each, inner); continue; }
      walk.all(children(each).slice(1), inner);
      inner.add(nameIn(walk, each));
    }
  }
}

const visitors = {
  VariableName(walk, node, locals) {
    walk.all(children(node).filter((child) => child.type.isError), locals);
    walk.use(node, locals);
  },
  PathExpression(walk, node, locals) {
    if (walk.use(node, locals)) return;
    const [target, ...rest] = children(node);
    walk.visit(target, locals);
    walk.all(rest.filter((child) => child.type.isError), locals);
  },
  FilterExpression(walk, node, locals) {
    const [target, ...rest] = children(node);
    walk.visit(target, locals);
    walk.all(rest, new Set([...locals, 'item']));
  },
  FunctionInvocation(walk, node, locals) {
    const [target, ...rest] = children(node);
    if (target.name === 'VariableName') {
      const name = walk.name(target);
      if (!walk.builtins.has(name) && !locals.has(name)) walk.problem('UNKNOWN_FUNCTION', `There is no function "${name}".`, target);
    } else walk.visit(target, locals);
    walk.all(rest, locals);
  },
  NamedParameter(walk, node, locals) { walk.all(children(node).slice(1), locals); },
  ForExpression: iterate,
  QuantifiedExpression: iterate,
  FunctionDefinition(walk, node, locals) {
    const inner = new Set(locals);
    for (const parameter of node.getChild('FormalParameters')?.getChildren('FormalParameter') ?? []) inner.add(nameIn(walk, parameter));
    walk.all(children(node).filter((child) => child.name !== 'FormalParameters'), inner);
  },
  Context(walk, node, locals) {
    const inner = new Set(locals);
    for (const entry of children(node)) {
      if (entry.name !== 'ContextEntry') { walk.visit(entry, inner); continue; }
      const [key, ...value] = children(entry);
      walk.all(value, inner);
      inner.add(walk.text.slice(key.from, key.to).replace(/^"|"$/g, '').trim());
    }
  },
  Type() { /* the names in it are types */ },
};

export function check(text, names, unary, inForm) {
  const odd = names.filter((name) => !PLAIN.test(name)).map((name) => [name, null]);
  const known = { ...(inForm ? {} : steering), ...Object.fromEntries(odd) };
  const tree = (unary ? parseUnaryTests : parseExpression)(text, known, inForm ? undefined : 'camunda');
  const walk = new Walk(text, inForm ? inForms : everywhere, names);
  if (text.trim() === '') walk.problem('SYNTAX', 'The expression is empty.', { from: 0, to: 0 });
  else walk.visit(tree.topNode, new Set(unary ? ['?'] : []));
  return { problems: walk.problems, variables: [...walk.variables].sort(), paths: [...walk.paths].sort() };
}
