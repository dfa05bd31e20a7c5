// Two libraries put style attributes into the HTML they make, which a page with `style-src 'self'` refuses.
// At build time SVG styles become attributes of the same name; what is left becomes a class of ours (src/css).
import { readFile } from 'node:fs/promises';

const FILES = /(bpmn-js[\\/]lib[\\/]features[\\/](align|distribute)-elements[\\/]\w+Icons\.js|bpmn-js-properties-panel[\\/]dist[\\/]index\.esm\.js)$/;
const OF_SVG = /^(fill|stroke|stroke-\w+|opacity)$/;

function rewritten(whole, text) {
  const pairs = text.split(';').filter(Boolean).map((one) => one.split(':').map((part) => part.trim()));
  if (!pairs.every(([name]) => OF_SVG.test(name))) return '';
  return pairs.map(([name, value]) => `${name}="${value}"`).join(' ');
}

export const strictStyles = {
  name: 'strict-styles',
  setup(build) {
    build.onLoad({ filter: FILES }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(/style="([^"]*)"/g, rewritten),
      loader: 'js',
    }));
  },
};
