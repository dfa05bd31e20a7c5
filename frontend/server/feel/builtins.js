// Built-in functions that feelin lacks, and those where it leaves the FEEL standard (DMN 1.5, 10.3.4) or Camunda's documentation.
import { DateTime, Duration, FixedOffsetZone, IANAZone, SystemZone } from 'luxon';
import { inside } from '@bpmn-io/feelin';
import { asDate, asMoment, moment, plainJson } from './values.js';
import { equal, tidy } from './numbers.js';

const { builtins, getType, Range } = inside;
// What forms in a browser have: feelin's own, before anything is added.
export const standard = Object.keys(builtins);
const clock = { now: 0, today: null };
let seed = [1, 2, 3, 4];

export function setClock(now, today) { clock.now = now; clock.today = today; }
export function setSeed(words) { seed = words; }

// sfc32: enough for a random number in a diagram, seeded by the server for every context.
function random() {
  let [a, b, c, d] = seed.map((word) => word | 0);
  const t = (a + b | 0) + d | 0;
  d = d + 1 | 0; a = b ^ b >>> 9; b = c + (c << 3) | 0; c = (c << 21 | c >>> 11) + t | 0;
  seed = [a, b, c, d];
  return (t >>> 0) / 4294967296;
}

function uuid() {
  const digit = (bits) => Math.floor(random() * bits).toString(16);
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (c) => c === 'x' ? digit(16) : (8 + Math.floor(random() * 4)).toString(16));
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function utf8(text) {
  return Array.from(unescape(encodeURIComponent(text)), (c) => c.charCodeAt(0));
}

function toBase64(text) {
  const bytes = utf8(text);
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const word = bytes[i] << 16 | (bytes[i + 1] ?? 0) << 8 | (bytes[i + 2] ?? 0);
    out += [18, 12, 6, 0].map((shift, n) => n > bytes.length - i ? '=' : ALPHABET[word >> shift & 63]).join('');
  }
  return out;
}

function fromBase64(text) {
  const body = text.replace(/=+$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(body) || body.length % 4 === 1) return null;
  let bits = 0, count = 0, raw = '';
  for (const c of body) {
    bits = (bits << 6 | ALPHABET.indexOf(c)) & 0xffffff;
    count += 6;
    if (count >= 8) { count -= 8; raw += String.fromCharCode(bits >> count & 255); }
  }
  try { return decodeURIComponent(escape(raw)); } catch { return null; }
}

const is = (value, ...types) => types.includes(getType(value));
const isMoment = (value) => is(value, 'date', 'date time', 'time');
const valid = (value) => value?.isValid ? value : null;

// A function that gives null unless every argument has its type; `x?` may be missing or null, `any` may be anything.
function define(name, parameters, body) {
  const names = parameters.map((p) => p.split(':')[0]);
  const types = parameters.map((p) => p.split(':')[1]);
  const fits = (value, type) => {
    if (type === 'any') return true;
    if (type.endsWith('?') && (value === undefined || value === null)) return true;
    return is(value, ...type.replace('?', '').split('|'));
  };
  const wrapped = (...args) => {
    const given = names.map((_, i) => args[i] === undefined ? null : args[i]);
    return given.every((value, i) => fits(value, types[i])) ? body(...given) : null;
  };
  wrapped.$args = names;
  builtins[name] = wrapped;
}

function variadic(name, body, parameter = 'list') {
  const wrapped = (...args) => body(args.length === 1 && Array.isArray(args[0]) ? args[0] : args);
  wrapped.$args = [`...${parameter}`];
  builtins[name] = wrapped;
}

const comparable = (list) => list.length > 0 && ['number', 'string', 'date', 'date time', 'time', 'duration']
  .some((type) => list.every((value) => getType(value) === type));
const numbers = (list) => list.length > 0 && list.every((value) => typeof value === 'number');
const sum = (list) => list.reduce((total, value) => tidy(total + value), 0);

function lists() {
  define('is empty', ['list:list'], (list) => list.length === 0);
  define('duplicate values', ['list:list'], (list) => list.filter((value, i) =>
    list.findIndex((other) => equal(other, value) === true) === i && list.findLastIndex((other) => equal(other, value) === true) !== i));
  define('partition', ['list:list', 'size:number'], (list, size) => {
    if (size < 1) return null;
    const parts = [];
    for (let i = 0; i < list.length; i += Math.floor(size)) parts.push(list.slice(i, i + Math.floor(size)));
    return parts;
  });
  define('list contains', ['list:list', 'element:any'], (list, element) => list.some((value) => equal(value, element) === true));
  define('index of', ['list:list', 'match:any'], (list, match) => list.flatMap((value, i) => equal(value, match) === true ? [i + 1] : []));
  define('remove', ['list:list', 'position:number'], (list, position) => {
    const at = position < 0 ? list.length + position : position - 1;
    return list.filter((_, i) => i !== at);
  });
  define('insert before', ['list:list', 'position:number', 'newItem:any'], (list, position, item) => {
    const at = position < 0 ? list.length + position : position - 1;
    return at < 0 || at > list.length ? null : [...list.slice(0, at), item, ...list.slice(at)];
  });
  define('string join', ['list:list', 'delimiter:string?', 'prefix:string?', 'suffix:string?'], (list, delimiter, prefix, suffix) =>
    list.every((value) => value === null || typeof value === 'string')
      ? (prefix ?? '') + list.filter((value) => value !== null).join(delimiter ?? '') + (suffix ?? '') : null);
  variadic('min', (list) => comparable(list) ? list.reduce((a, b) => b < a ? b : a) : null);
  variadic('max', (list) => comparable(list) ? list.reduce((a, b) => b > a ? b : a) : null);
  variadic('sum', (list) => {
    if (list.length && list.every((value) => getType(value) === 'duration')) return list.reduce((a, b) => a.plus(b));
    return numbers(list) ? sum(list) : null;
  });
  variadic('mean', (list) => numbers(list) ? tidy(sum(list) / list.length) : null);
  variadic('product', (list) => numbers(list) ? list.reduce((a, b) => tidy(a * b), 1) : null);
  variadic('median', (list) => {
    if (!numbers(list)) return null;
    const sorted = [...list].sort((a, b) => a - b), middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : tidy((sorted[middle - 1] + sorted[middle]) / 2);
  });
  variadic('mode', (list) => {
    if (list.length === 0) return [];
    if (!numbers(list)) return null;
    const counts = new Map();
    for (const value of list) counts.set(value, (counts.get(value) ?? 0) + 1);
    const most = Math.max(...counts.values());
    return [...counts].filter(([, count]) => count === most).map(([value]) => value).sort((a, b) => a - b);
  });
}

function texts() {
  define('is blank', ['string:string'], (text) => text.trim() === '');
  define('trim', ['string:string'], (text) => text.trim());
  define('extract', ['string:string', 'pattern:string'], (text, pattern) => {
    try { return [...text.matchAll(new RegExp(pattern, 'gu'))].map((match) => match[0]); } catch { return null; }
  });
  define('substring', ['string:string', 'start position:number', 'length:number?'], (text, start, length) => {
    const symbols = Array.from(text), from = start < 0 ? symbols.length + start : start - 1;
    if (start === 0 || from < 0) return null;
    return symbols.slice(from, length === null ? undefined : from + length).join('');
  });
  define('uuid', [], uuid);
  define('to base64', ['value:string'], toBase64);
  define('from base64', ['value:string'], fromBase64);
  define('to json', ['value:any'], plainJson);
  define('from json', ['value:string'], (text) => { try { return JSON.parse(text); } catch { return null; } });
}

function others() {
  define('is defined', ['value:any'], (value) => value !== null);
  define('get or else', ['value:any', 'default:any'], (value, other) => value ?? other);
  define('assert', ['value:any', 'condition:any', 'cause:string?'], (value, condition, cause) => {
    if (condition !== true) throw new Error(cause ?? 'The condition of assert() is not fulfilled.');
    return value;
  });
  define('fromAi', ['value:any', 'description:any', 'type:any', 'schema:any', 'options:any'], (value) => value);
  define('random number', [], random);
  define('abs', ['n:number|duration'], (n) => typeof n === 'number' ? Math.abs(n) : n < Duration.fromMillis(0) ? n.negate() : n);
}

function zoneOf(name) {
  if (/^(z|utc|gmt|etc\/utc)$/i.test(name)) return FixedOffsetZone.utcInstance;
  const fixed = /^([+-])(\d{2}):?(\d{2})$/.exec(name);
  if (fixed) return FixedOffsetZone.instance((fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3])));
  return IANAZone.create(name);
}

// `2026-03-01T10:00:00`, with `Z`, `+01:00` or `@Europe/Berlin`; a date alone is its midnight, without a zone it is UTC.
function parseMoment(text) {
  const [body, zone] = text.split('@');
  if (!/^\d{4,9}-\d\d-\d\d(T\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i.test(body)) return null;
  if (zone !== undefined) return valid(DateTime.fromISO(body, { zone: zoneOf(zone) }));
  const explicit = /T.*(Z|[+-]\d\d:?\d\d)$/i.test(body);
  return valid(DateTime.fromISO(body.toUpperCase(), explicit ? { setZone: true } : { zone: SystemZone.instance }));
}

function parseDate(text) {
  return /^\d{4,9}-\d\d-\d\d$/.test(text) ? valid(DateTime.fromISO(text, { zone: FixedOffsetZone.utcInstance })) : null;
}

function parseTime(text) {
  const [body, zone] = text.split('@');
  if (!/^\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?$/i.test(body)) return null;
  return parseMoment(`1900-01-01T${body.toUpperCase()}${zone === undefined ? '' : `@${zone}`}`);
}

function parseDuration(text) {
  return /^-?P(?=[\dT])(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?$/.test(text) ? valid(Duration.fromISO(text)) : null;
}

function wholeMonths(from, to) {
  const [a, b] = [from, to].map((d) => asDate(d));
  let months = (b.year - a.year) * 12 + b.month - a.month;
  if (months > 0 && b.day < a.day) months -= 1;
  if (months < 0 && b.day > a.day) months += 1;
  return Duration.fromObject({ years: Math.trunc(months / 12), months: months % 12 });
}

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

function moments() {
  const day = 'date:date|date time';
  define('now', [], () => moment(clock.now));
  define('today', [], () => clock.today ? parseDate(clock.today) : asDate(moment(clock.now)));
  define('date', ['year:any', 'month:any', 'day:any', 'from:any'], (year, month, dayOfMonth, named) => {
    const from = named ?? year;
    if (typeof from === 'string') return parseDate(from);
    if (is(from, 'date', 'date time')) return asDate(from);
    if (![year, month, dayOfMonth].every(Number.isInteger)) return null;
    return valid(DateTime.fromObject({ year, month, day: dayOfMonth }, { zone: FixedOffsetZone.utcInstance }));
  });
  define('date and time', ['date:any', 'time:any', 'from:any'], (date, time, named) => {
    const from = named ?? date;
    if (typeof from === 'string' && time === null) { const d = parseMoment(from); return d && asMoment(d); }
    if (is(date, 'date time') && typeof time === 'string') return valid(asMoment(date.setZone(zoneOf(time))));
    if (is(date, 'date', 'date time') && is(time, 'time')) {
      const { year, month, day } = date;
      return valid(asMoment(time.set({ year, month, day })));
    }
    return is(from, 'date') && time === null ? asMoment(from) : null;
  });
  define('time', ['hour:any', 'minute:any', 'second:any', 'offset:duration?', 'from:any'], (hour, minute, second, offset, named) => {
    const from = named ?? hour;
    if (typeof from === 'string') return parseTime(from);
    if (isMoment(from)) return from.set({ year: 1900, month: 1, day: 1 });
    if (![hour, minute, second].every((n) => typeof n === 'number')) return null;
    const zone = offset ? FixedOffsetZone.instance(offset.as('minutes')) : SystemZone.instance;
    const whole = Math.floor(second);
    return valid(DateTime.fromObject({ year: 1900, month: 1, day: 1, hour, minute, second: whole, millisecond: Math.round((second - whole) * 1000) }, { zone }));
  });
  define('duration', ['from:string'], parseDuration);
  define('@', ['string:string'], (text) => {
    if (/^-?P/.test(text)) return parseDuration(text);
    if (/^\d\d:/.test(text)) return parseTime(text);
    const d = text.includes('T') ? parseMoment(text) : parseDate(text);
    return d && text.includes('T') ? asMoment(d) : d;
  });
  define('years and months duration', ['from:date|date time', 'to:date|date time'], wholeMonths);
  define('last day of month', [day], (d) => asDate(d.endOf('month')));
  define('day of year', [day], (d) => d.ordinal);
  define('day of week', [day], (d) => WEEKDAYS[d.weekday - 1]);
  define('month of year', [day], (d) => MONTHS[d.month - 1]);
  define('week of year', [day], (d) => d.weekNumber);
}

// Points and ranges alike: a point is the closed range from itself to itself.
const span = (value) => value instanceof Range ? value
  : { start: value, end: value, 'start included': true, 'end included': true };
const same = (a, b) => a !== null && b !== null && equal(a, b) === true;
const opens = (r) => r['start included'], closes = (r) => r['end included'];
const startsBy = (a, b) => a.start < b.start || same(a.start, b.start) && (opens(a) || !opens(b));
const endsBy = (a, b) => a.end > b.end || same(a.end, b.end) && (closes(a) || !closes(b));
const before = (a, b) => a.end < b.start || same(a.end, b.start) && !(closes(a) && opens(b));
const includes = (a, b) => startsBy(a, b) && endsBy(a, b);
const sameStart = (a, b) => same(a.start, b.start) && opens(a) === opens(b);
const sameEnd = (a, b) => same(a.end, b.end) && closes(a) === closes(b);
const overlaps = (a, b) => !before(a, b) && !before(b, a);

function ranges() {
  const relation = (name, test, names = ['range1', 'range2']) => define(name, names.map((n) => `${n}:any`), (a, b) => {
    if (a === null || b === null) return null;
    const kinds = [span(a), span(b)].flatMap((r) => [r.start, r.end]).filter((v) => v !== null).map(getType);
    return new Set(kinds).size > 1 ? null : test(span(a), span(b));
  });
  relation('before', before, ['a', 'b']);
  relation('after', (a, b) => before(b, a), ['a', 'b']);
  relation('meets', (a, b) => same(a.end, b.start) && closes(a) && opens(b));
  relation('met by', (a, b) => same(b.end, a.start) && closes(b) && opens(a));
  relation('overlaps', overlaps);
  relation('overlaps before', (a, b) => overlaps(a, b) && startsBy(a, b) && !sameStart(a, b) && endsBy(b, a));
  relation('overlaps after', (a, b) => overlaps(a, b) && startsBy(b, a) && endsBy(a, b) && !sameEnd(a, b));
  relation('finishes', (a, b) => sameEnd(a, b) && startsBy(b, a));
  relation('finished by', (a, b) => sameEnd(a, b) && startsBy(a, b));
  relation('includes', includes, ['range', 'value']);
  relation('during', (a, b) => includes(b, a), ['value', 'range']);
  relation('starts', (a, b) => sameStart(a, b) && endsBy(b, a));
  relation('started by', (a, b) => sameStart(a, b) && endsBy(a, b));
  relation('coincides', (a, b) => sameStart(a, b) && sameEnd(a, b));
}

lists(); texts(); others(); moments(); ranges();
export const names = Object.keys(builtins);
