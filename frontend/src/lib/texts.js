// Words for what scripts say; the server wrote them into the page in the person's language.
const known = JSON.parse(document.getElementById('texts')?.textContent ?? '{}');

export function text(name, value = '') {
  return (known[name] ?? name).replace('{}', value);
}
