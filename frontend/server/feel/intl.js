// The part of Intl that luxon needs, in an engine that has none: English, the Gregorian calendar, and time zones from
// tables. A zone that has no table yet is written down, so that the caller can bring it and ask again.
const tables = new Map();
const missing = new Set();
const UTC = /^(utc|etc\/utc|gmt|etc\/gmt|z)$/i;
const pad = (number) => String(number).padStart(2, '0');

// A table is [[from in epoch seconds, offset in seconds], ...], ascending; `null` says that there is no such zone.
export function addZone(name, table) {
  tables.set(name, table);
  missing.delete(name);
}

export function takeMissingZones() {
  const names = [...missing];
  missing.clear();
  return names;
}

function offsetAt(table, seconds) {
  let low = 0, high = table.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (table[middle][0] <= seconds) low = middle; else high = middle - 1;
  }
  return table[low][1];
}

class DateTimeFormat {
  constructor(_locale, options) {
    const zone = options?.timeZone;
    this.table = [[-Infinity, 0]];
    if (!zone || UTC.test(zone)) return;
    if (!tables.has(zone)) missing.add(zone);
    this.table = tables.get(zone);
    if (!this.table) throw new RangeError(`unknown time zone ${zone}`);
  }
  resolvedOptions() { return { locale: 'en-US', timeZone: 'UTC', numberingSystem: 'latn', calendar: 'gregory' }; }
  formatToParts(moment) {
    const utc = new Date(moment);
    const d = new Date(+utc + offsetAt(this.table, Math.floor(+utc / 1000)) * 1000);
    const year = d.getUTCFullYear();
    return Object.entries({
      month: pad(d.getUTCMonth() + 1), day: pad(d.getUTCDate()), year: String(year > 0 ? year : 1 - year), era: year > 0 ? 'AD' : 'BC',
      hour: pad(d.getUTCHours()), minute: pad(d.getUTCMinutes()), second: pad(d.getUTCSeconds()),
    }).map(([type, value]) => ({ type, value }));
  }
  format(moment) { return moment === undefined ? '' : new Date(moment).toISOString(); }
  static supportedLocalesOf() { return ['en-US']; }
}

class NumberFormat {
  format(number) { return String(number); }
  resolvedOptions() { return { locale: 'en-US', numberingSystem: 'latn' }; }
}

globalThis.Intl ??= { DateTimeFormat, NumberFormat };
// A date and time without a zone means UTC, wherever the server stands.
Date.prototype.getTimezoneOffset = () => 0;
