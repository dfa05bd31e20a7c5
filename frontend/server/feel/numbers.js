// Numbers and equality as FEEL means them. FEEL counts in decimals, this engine in doubles.
import { inside } from '@bpmn-io/feelin';

const { getType } = inside;

// 0.1 + 0.2 is 0.3: a double that lies within its last digit of a short decimal is that decimal.
export function tidy(number) {
  if (Number.isInteger(number)) return number;
  if (!Number.isFinite(number)) return null;
  const near = number.toPrecision(15);
  return /00(e|$)/.test(near) ? Number(near) : number;
}

// A difference loses the leading digits: what counts is the precision of the larger operand.
export function tidySum(a, b, result) {
  const digits = 14 - Math.floor(Math.log10(Math.max(Math.abs(a), Math.abs(b))));
  if (Number.isInteger(result) || !Number.isFinite(digits) || digits < 0 || digits > 100) return tidy(result);
  const near = result.toFixed(digits);
  return near.endsWith('00') ? Number(near) : result;
}

// Years and months only, and not nothing at all.
export const isCalendar = (d) => !(d.weeks || d.days || d.hours || d.minutes || d.seconds || d.milliseconds) && !!(d.years || d.quarters || d.months);
const months = (d) => d.years * 12 + d.months;

// A list of one stands for its element where an element is wanted.
function alike(a, b) {
  if (Array.isArray(a) && a.length === 1 && !Array.isArray(b) && b !== null) return [a[0], b];
  if (Array.isArray(b) && b.length === 1 && !Array.isArray(a) && a !== null) return [a, b[0]];
  return [a, b];
}

// true, false, or null where the two cannot be compared. null equals null alone.
export function equal(left, right) {
  const [a, b] = alike(left ?? null, right ?? null);
  const types = [getType(a), getType(b)];
  if (types.includes('nil')) return types[0] === types[1];
  if (types[0] !== types[1]) return types.every((type) => type === 'date' || type === 'date time') ? +a === +b : null;
  switch (types[0]) {
    case 'list': return a.length === b.length && a.every((value, i) => equal(value, b[i]) === true);
    case 'context': {
      const keys = Object.keys(a);
      return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]) === true);
    }
    case 'duration': return isCalendar(a) && isCalendar(b) ? months(a) === months(b) : a.toMillis() === b.toMillis();
    case 'date time': case 'date': case 'time': return +a === +b;
    case 'range': return ['start', 'end', 'start included', 'end included'].every((key) => a[key] === b[key] || equal(a[key], b[key]) === true);
    default: return a === b;
  }
}
