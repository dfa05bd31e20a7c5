// Some libraries put style attributes or style elements into the page, which `style-src 'self'` refuses. At build time:
// SVG styles become attributes of the same name, what is left becomes a class of ours (src/css);
// CodeMirror's sheets are adopted by the document as they are by shadow roots, instead of written as elements.
import { readFile } from 'node:fs/promises';

const FILES = /(bpmn-js[\\/]lib[\\/]features[\\/](align|distribute)-elements[\\/]\w+Icons\.js|bpmn-js-properties-panel[\\/]dist[\\/]index\.esm\.js|dmn-js-shared[\\/]lib[\\/]util[\\/]PoweredByUtil\.js|dmn-js-decision-table[\\/]lib[\\/]features[\\/]drag-and-drop[\\/]DragAndDrop\.js)$/;
const OF_SVG = /^(fill|stroke|stroke-\w+|opacity)$/;

function rewritten(whole, text) {
  const pairs = text.split(';').filter(Boolean).map((one) => one.split(':').map((part) => part.trim()));
  if (!pairs.every(([name]) => OF_SVG.test(name))) return '';
  return pairs.map(([name, value]) => `${name}="${value}"`).join(' ');
}

const SHEETS = /style-mod[\\/]src[\\/]style-mod\.js$/;
const ONLY_SHADOW = '!root.head && root.adoptedStyleSheets';

export const strictStyles = {
  name: 'strict-styles',
  setup(build) {
    build.onLoad({ filter: SHEETS }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes(ONLY_SHADOW)) throw new Error('style-mod has changed: look again how it mounts its sheets');
      return { contents: source.replace(ONLY_SHADOW, 'root.adoptedStyleSheets'), loader: 'js' };
    });
    build.onLoad({ filter: FILES }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(/style="([^"]*)"/g, rewritten),
      loader: 'js',
    }));
  },
};
