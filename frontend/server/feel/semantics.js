// Nodes of the parse tree whose meaning in feelin leaves the FEEL standard, given the standard's meaning.
// Each takes (node, args, warn) and returns what feelin's own function would: code that takes the context.
import { Duration } from 'luxon';
import { inside } from '@bpmn-io/feelin';
import { asDate, asMoment } from './values.js';
import { equal, isCalendar, tidy, tidySum } from './numbers.js';
import './builtins.js';

const { getType, Range, builtins } = inside;
const original = inside.node;
const POINTS = ['date', 'date time'];
const tag = (code, type) => Object.assign(code, { type });
const isPoint = (value) => POINTS.includes(getType(value));

const spread = (d) => isCalendar(d) ? d.shiftTo('years', 'months') : d.shiftTo('days', 'hours', 'minutes', 'seconds');
const between = (a, b) => Duration.fromMillis(a - b).shiftTo('days', 'hours', 'minutes', 'seconds');
const scale = (d, factor) => isCalendar(d)
  ? Duration.fromObject({ months: Math.trunc(d.shiftTo('months').months * factor) }).shiftTo('years', 'months')
  : Duration.fromMillis(Math.round(d.toMillis() * factor)).shiftTo('days', 'hours', 'minutes', 'seconds');

function shift(point, duration) {
  const moved = point.plus(duration);
  switch (getType(point)) {
    case 'date': return asDate(moved);
    case 'time': return moved.set({ year: 1900, month: 1, day: 1 });
    default: return asMoment(moved);
  }
}

const arithmetic = {
  '+'(a, b, kinds) {
    if (kinds === 'number number') return tidySum(a, b, a + b);
    if (kinds === 'string string') return a + b;
    if (kinds === 'duration duration') return a.plus(b);
    if (getType(b) === 'duration' && (isPoint(a) || getType(a) === 'time')) return shift(a, b);
    if (getType(a) === 'duration' && (isPoint(b) || getType(b) === 'time')) return shift(b, a);
  },
  '-'(a, b, kinds) {
    if (kinds === 'number number') return tidySum(a, b, a - b);
    if (kinds === 'duration duration') return a.minus(b);
    if (getType(b) === 'duration' && (isPoint(a) || getType(a) === 'time')) return shift(a, b.negate());
    if (isPoint(a) && isPoint(b) || kinds === 'time time') return between(a, b);
  },
  '*'(a, b, kinds) {
    if (kinds === 'number number') return tidy(a * b);
    if (kinds === 'duration number') return scale(a, b);
    if (kinds === 'number duration') return scale(b, a);
  },
  '/'(a, b, kinds) {
    if (b === 0) return null;
    if (kinds === 'number number') return tidy(a / b);
    if (kinds === 'duration number') return scale(a, 1 / b);
    if (kinds === 'duration duration' && isCalendar(a) === isCalendar(b)) {
      const [x, y] = isCalendar(a) ? [a.as('months'), b.as('months')] : [a.toMillis(), b.toMillis()];
      return y === 0 ? null : tidy(x / y);
    }
  },
  '**'(a, b, kinds) {
    if (kinds === 'number number') return tidy(a ** b);
  },
};
arithmetic['^'] = arithmetic['**'];

const single = (value) => Array.isArray(value) && value.length === 1 ? value[0] : value;

function order(a, b) {
  const types = [getType(a), getType(b)];
  if (types.every((type) => POINTS.includes(type))) return a - b;
  if (types[0] !== types[1]) return null;
  switch (types[0]) {
    case 'number': case 'time': return a - b;
    case 'string': return a < b ? -1 : a > b ? 1 : 0;
    case 'duration': return isCalendar(a) && isCalendar(b) ? a.as('months') - b.as('months') : a.toMillis() - b.toMillis();
    default: return null;
  }
}

const comparisons = { '<': (n) => n < 0, '<=': (n) => n <= 0, '>': (n) => n > 0, '>=': (n) => n >= 0 };

function compare(op, a, b, warn, node) {
  const refuse = () => {
    if (getType(a) !== 'nil' && getType(b) !== 'nil') warn(node, 'NOT_COMPARABLE', `Can't compare a ${getType(a)} with a ${getType(b)}`);
    return null;
  };
  if (op === '=' || op === '==') return equal(a, b) ?? refuse();
  if (op === '!=') { const result = equal(a, b); return result === null ? refuse() : !result; }
  const n = order(single(a), single(b));
  return n === null ? refuse() : comparisons[op](n);
}

const TYPES = {
  number: ['number'], string: ['string'], boolean: ['boolean'], date: ['date'], time: ['time'], 'date and time': ['date time'],
  list: ['list'], context: ['context'], function: ['function'], range: ['range'], null: ['nil'],
};

function isInstance(value, name) {
  if (value === null) return /^null$/i.test(name);
  if (/^any$/i.test(name)) return true;
  const [, base, inner] = /^([a-z ]+?)\s*(?:<(.*)>)?$/i.exec(name) ?? [null, name];
  if (/duration$/.test(base)) return getType(value) === 'duration' && isCalendar(value) === /^years/.test(base);
  if (typeof value === 'function') return base === 'function';
  const fits = !!TYPES[base]?.includes(getType(value));
  return base === 'list' && inner && fits ? value.every((element) => isInstance(element, inner)) : fits;
}

const PARTS = {
  years: (d) => isCalendar(d) ? spread(d).years : null, months: (d) => isCalendar(d) ? spread(d).months : null,
  days: (d) => isCalendar(d) ? null : spread(d).days, hours: (d) => isCalendar(d) ? null : spread(d).hours,
  minutes: (d) => isCalendar(d) ? null : spread(d).minutes, seconds: (d) => isCalendar(d) ? null : tidy(spread(d).seconds),
};
const CALENDAR_PARTS = { year: 'year', month: 'month', day: 'day', weekday: 'weekday' };
const CLOCK_PARTS = { hour: 'hour', minute: 'minute' };

// What a dot reaches in a date, time or duration; undefined where it is another kind of value.
function part(value, name) {
  const type = getType(value);
  if (type === 'duration') return PARTS[name]?.(value) ?? null;
  if (!POINTS.includes(type) && type !== 'time') return undefined;
  if (type !== 'time' && CALENDAR_PARTS[name]) return value[name];
  if (type === 'date') return null;
  if (CLOCK_PARTS[name]) return value[name];
  if (name === 'second') return value.second + value.millisecond / 1000;
  if (name === 'time offset') return value.zone.type === 'system' ? null : Duration.fromObject({ minutes: value.offset }).shiftTo('hours', 'minutes');
  return name === 'timezone' && value.zone.type === 'iana' ? value.zone.name : null;
}

// list[filter]: a number picks by position, anything else keeps the elements for which it is true.
function filtered(list, filter, context, quietly) {
  if (filter.type === 'number') return pick(list, filter(context));
  if (list.length === 0) return quietly(() => typeof filter(context) === 'number') ? null : [];
  const kept = [];
  for (const element of list) {
    const own = getType(element) === 'context' ? element : {};
    let result = filter({ ...context, ...own, item: element });
    if (typeof result === 'number' && element === list[0]) return pick(list, result);
    if (typeof result === 'function') result = result(element);
    if (result instanceof Range) result = result.includes(element);
    if (result === true) kept.push(element);
  }
  return kept;
}

function pick(list, position) {
  if (!Number.isInteger(position)) return null;
  return list[position < 0 ? list.length + position : position - 1] ?? null;
}

const nodes = {
  // `- 2` is a literal too, with whatever stands between.
  NumericLiteral: (node) => {
    const value = Number(node.input.replace(/\s+/g, ''));
    return tag(() => value, 'number');
  },
  ArithOp: (node, _args, warn) => Object.assign((context) => (left, right) => {
    const a = single(left(context)), b = single(right(context));
    const result = arithmetic[node.input](a, b, `${getType(a)} ${getType(b)}`);
    if (result === undefined) warn(node, 'INVALID_TYPE', `Can't calculate ${getType(a)} ${node.input} ${getType(b)}`.replace(/\bnil\b/g, 'null'));
    return result ?? null;
  }, { op: node.input }),
  ArithmeticExpression: (node, args, warn, inherited) => {
    if (args.length !== 2) return inherited;
    return tag((context) => {
      const value = single(args[1](context));
      if (typeof value === 'number') return -value;
      if (getType(value) === 'duration') return value.negate();
      warn(node, 'INVALID_TYPE', `Can't negate a ${getType(value)}`);
      return null;
    }, args[1].type);
  },
  CompareOp: (node, _args, _warn, inherited) => Object.assign(inherited, { op: node.input }),
  Comparison: (node, args, warn, inherited) => args[1].op
    ? tag((context) => compare(args[1].op, args[0](context), args[2](context), warn, node), 'test') : inherited,
  IfExpression: (_node, args) => tag((context) => args[1](context) === true ? args[3](context) : args[5] ? args[5](context) : null, 'any'),
  FilterExpression: (_node, args, warn) => tag((context) => {
    const target = args[0](context);
    return target === null ? null : filtered(Array.isArray(target) ? target : [target], args[2], context, warn.quietly);
  }, 'any'),
  VariableName: (_node, args, _warn, inherited) => {
    const name = args.join(' ');
    return Object.assign(tag((context, local = false) => {
      if (local && context === null) return inherited(context, local);
      const value = local ? part(context, name) : undefined;
      return value === undefined ? inherited(context, local) : value;
    }, 'any'), { variable: name });
  },
  // A variable may be called like a function: `now` is a fact and `now()` still the time.
  FunctionInvocation: (_node, args, _warn, inherited) => {
    const name = args[0].variable, target = args[0];
    if (!name || !Object.hasOwn(builtins, name)) return inherited;
    args[0] = (context) => {
      const own = Object.hasOwn(context, name) ? context[name] : null;
      return own instanceof inside.FunctionWrapper ? own : builtins[name];
    };
    return Object.assign(inherited, { target });
  },
  SpecialType: (node) => node.input,
  InstanceOfExpression: (node, args) => {
    const type = /\binstance\s+of\s+([^]*)$/.exec(node.input)[1].trim().replace(/\s+/g, ' ');
    return tag((context) => isInstance(args[0](context) ?? null, type), 'test');
  },
};

inside.node = (node, args, interpreterContext) => {
  const special = nodes[node.name];
  if (!special) return original(node, args, interpreterContext);
  const warn = (at, type, message) => interpreterContext.warnings.push({ type, message, position: at.position });
  warn.quietly = (code) => {
    const before = interpreterContext.warnings.length;
    try { return code(); } finally { interpreterContext.warnings.length = before; }
  };
  const inherited = ['SpecialType', 'InstanceOfExpression', 'ArithOp', 'NumericLiteral'].includes(node.name) ? null : original(node, args, interpreterContext);
  return special(node, args, warn, inherited);
};
