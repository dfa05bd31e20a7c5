// What crosses the border between the server and FEEL, as JSON text. A moment, date, time or duration travels as a string
// that begins with a mark no user can know: MARK + kind + ISO 8601; moments and dates come in as epoch milliseconds,
// which are read ten times as fast.
import { DateTime, Duration, FixedOffsetZone } from 'luxon';
import { inside } from '@bpmn-io/feelin';
import { isCalendar } from './numbers.js';

const { getType, Range, FunctionWrapper } = inside;
let mark = '\u0000';
let marked = false;
let plain = false;

export const setMark = (text) => { mark = text; };

// feelin takes a moment for a date when it is midnight in luxon's own UTC zone. Moments in UTC therefore live in a zone of
// ours, equal to nothing but itself.
class Utc extends FixedOffsetZone {
  get type() { return 'utc'; }
  get name() { return 'UTC'; }
  equals(other) { return other === this; }
}
export const utc = new Utc(0);
export const moment = (millis) => DateTime.fromMillis(millis, { zone: utc });

// The same moment, certain to be a date and time and not a date.
export const asMoment = (d) => d.zone === FixedOffsetZone.utcInstance ? moment(d.toMillis()) : d;
export const asDate = (d) => DateTime.utc(d.year, d.month, d.day, { zone: FixedOffsetZone.utcInstance }).setZone(FixedOffsetZone.utcInstance);

const names = { 'date time': 'T', date: 'D', time: 't' };

function textOf(d) {
  const type = getType(d);
  if (type === 'date') return d.toISODate();
  const local = type === 'time' ? d.toISOTime({ includeOffset: false }) : d.toISO({ includeOffset: false });
  const zone = d.zone === utc ? 'Z' : d.zone.type === 'system' ? '' : d.zone.type === 'iana' ? '' : d.toFormat('ZZ');
  return local + zone + (d.zone.type === 'iana' ? `${d.toFormat('ZZ')}@${d.zone.name}` : '');
}

DateTime.prototype.toJSON = function () {
  if (plain) return inside.toString(this);
  marked = true;
  return mark + names[getType(this)] + textOf(this);
};
Duration.prototype.toJSON = function () {
  if (plain) return inside.toString(this);
  marked = true;
  return mark + 'P' + durationText(this);
};
Range.prototype.toJSON = function () {
  const { start, end } = this;
  return { start, end, 'start included': this['start included'], 'end included': this['end included'] };
};
FunctionWrapper.prototype.toJSON = function () { throw new Error('The result contains a function, which is not a value.'); };

const spread = (d) => Duration.fromMillis(d.toMillis()).shiftTo('days', 'hours', 'minutes', 'seconds');

// Whole months for a years and months duration, else days, hours, minutes and seconds as they were written.
export function durationText(d) {
  let own = isCalendar(d) ? d.shiftTo('years', 'months') : d.toMillis() === 0 ? d.shiftTo('seconds') : d;
  const negative = (n) => n < 0, positive = (n) => n > 0;
  let values = Object.values(own.toObject());
  if (values.some(negative) && values.some(positive)) {
    own = spread(own);
    values = Object.values(own.toObject());
  }
  return values.some(negative) ? '-' + own.negate().toISO() : own.toISO();
}

export function encode(value) {
  if (typeof value === 'function') throw new Error('The result is a function, which is not a value.');
  marked = false;
  const text = JSON.stringify(value === undefined ? null : value);
  return { text, marked };
}

export function plainJson(value) {
  plain = true;
  try { return JSON.stringify(value); } finally { plain = false; }
}

function revive(text) {
  const body = text.slice(mark.length + 1);
  switch (text[mark.length]) {
    case 'T': return moment(Number(body));
    case 'D': return DateTime.fromMillis(Number(body), { zone: FixedOffsetZone.utcInstance });
    case 't': return DateTime.fromISO(`1900-01-01T${body}`, { setZone: true });
    default: return Duration.fromISO(body);
  }
}

function reviveAll(value) {
  if (typeof value === 'string') return value.startsWith(mark) ? revive(value) : value;
  if (Array.isArray(value)) return value.map(reviveAll);
  if (value !== null && typeof value === 'object') for (const key of Object.keys(value)) value[key] = reviveAll(value[key]);
  return value;
}

export function decode(text, hasMarks) {
  const value = JSON.parse(text);
  return hasMarks ? reviveAll(value) : value;
}
