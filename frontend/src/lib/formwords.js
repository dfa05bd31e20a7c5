// What form-js says by itself, in the language of the page.
const GERMAN = {
  'Add new': 'Neue Zeile',
  'All values selected': 'Alle Werte sind gewählt',
  'Click to remove sorting': 'Klicken, um nicht mehr zu sortieren',
  'Click to sort by {value} ascending': 'Klicken, um nach {value} aufsteigend zu sortieren',
  'Click to sort by {value} descending': 'Klicken, um nach {value} absteigend zu sortieren',
  Collapse: 'Einklappen',
  'Date and time must both be entered.': 'Datum und Uhrzeit müssen beide eingegeben werden.',
  Decrement: 'Kleiner',
  'Download {fileName}': '{fileName} herunterladen',
  'Expand all ({value})': 'Alle ausklappen ({value})',
  'Field is required.': 'Das Feld ist nötig.',
  'Field must be a valid email.': 'Das Feld muss eine gültige E-Mail-Adresse sein.',
  'Field must be a valid international phone number. (e.g. +4930664040900)': 'Das Feld muss eine internationale Telefonnummer sein (wie +4930664040900).',
  'Field must have maximum length of {value}.': 'Das Feld darf höchstens {value} Zeichen haben.',
  'Field must have maximum value of {value}.': 'Das Feld darf höchstens {value} sein.',
  'Field must have minimum length of {value}.': 'Das Feld muss mindestens {value} Zeichen haben.',
  'Field must have minimum value of {value}.': 'Das Feld muss mindestens {value} sein.',
  'Field must match pattern {value}.': 'Das Feld muss dem Muster {value} entsprechen.',
  Increment: 'Größer',
  'Next page': 'Nächste Seite',
  'No content to show.': 'Kein Inhalt.',
  'No files selected': 'Keine Dateien gewählt',
  'No results': 'Keine Treffer',
  'Nothing to show.': 'Nichts zu zeigen.',
  'Please select a valid value, the two nearest valid values are {previousValue} and {nextValue}.': 'Wählen Sie einen gültigen Wert; die nächsten sind {previousValue} und {nextValue}.',
  'Previous page': 'Vorige Seite',
  'Remove tag': 'Eintrag entfernen',
  Search: 'Suchen',
  'Skip to search': 'Zur Suche springen',
  'Value is expected to be an integer.': 'Der Wert muss eine ganze Zahl sein.',
  'Value is expected to have at most 1 decimal digit.': 'Der Wert darf höchstens eine Nachkommastelle haben.',
  'Value is expected to have at most {value} decimal digits.': 'Der Wert darf höchstens {value} Nachkommastellen haben.',
  'Value is not a number.': 'Der Wert ist keine Zahl.',
  '{page} of {total}': '{page} von {total}',
  '{value} files selected': '{value} Dateien gewählt',
};

const known = document.documentElement.lang === 'de' ? GERMAN : {};
const fill = (text, values = {}) => (known[text] ?? text).replace(/{([^}]+)}/g, (hole, name) => values[name] ?? hole);

export const formWords = { translate: ['value', fill] };
