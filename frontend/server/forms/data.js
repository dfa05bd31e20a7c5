// Nested plain data: reading by path, merging, comparing.
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

export const get = (data, path) => path.reduce((at, key) => at == null ? undefined : at[key], data);

export function put(data, path, value) {
  const last = path.at(-1);
  const at = get(data, path.slice(0, -1));
  if (at !== null && typeof at === 'object') at[last] = value;
}

// What was submitted wins; lists are replaced as a whole.
export function merge(known, submitted) {
  if (!isObject(known) || !isObject(submitted)) return submitted === undefined ? known : submitted;
  const result = { ...known };
  for (const key of Object.keys(submitted)) if (key !== '__proto__') result[key] = merge(known[key], submitted[key]);
  return result;
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  return isObject(value) && !value.toJSON ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])])) : value;
}

export const same = (a, b) => JSON.stringify(sorted(a ?? null)) === JSON.stringify(sorted(b ?? null));

// Keys of more than one word, which change how an expression is read.
export function oddKeys(value, found = new Set()) {
  if (Array.isArray(value)) for (const each of value) oddKeys(each, found);
  else if (isObject(value)) for (const key of Object.keys(value)) {
    if (!/^\w+$/.test(key)) found.add(key);
    oddKeys(value[key], found);
  }
  return found;
}
