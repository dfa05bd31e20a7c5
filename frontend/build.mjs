// Builds everything that is JavaScript: `npm ci && npm run build`, in this folder.
//   server/*.js   -> ../service/bpmnio/bundles/*.js        one script each, for the embedded engine of the server
//   src/*.js      -> ../service/web/static/js/*.js         ES modules, one a page; what they share becomes chunks
//   src/css/*.css -> ../service/web/static/css/*.css       beside the style sheets that modules import
//   src/assets/** -> ../service/web/static/**              as they are
//   DejaVu Sans   -> ../service/integrations/fonts/*.ttf   for the documents that the server writes
// Fonts and images become data URLs, so that `font-src 'self' data:; img-src 'self' data:` is enough.
// `--watch` builds again on every change, `--dev` adds source maps and leaves names readable.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, context } from 'esbuild';
import { feelinHooks } from './server/feelin-hooks.mjs';
import { strictStyles } from './strict-styles.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const bundles = join(here, '../service/bpmnio/bundles');
const statics = join(here, '../service/web/static');
const fonts = join(here, '../service/integrations/fonts');
const FONT = 'node_modules/dejavu-fonts-ttf';
const watch = process.argv.includes('--watch');
const dev = watch || process.argv.includes('--dev');

const filesIn = (folder, ending) => !existsSync(folder) ? [] : readdirSync(folder)
  .filter((name) => name.endsWith(ending)).sort().map((name) => join(folder, name));
const filesBelow = (folder) => !existsSync(folder) ? [] : readdirSync(folder, { recursive: true })
  .map(String).filter((name) => statSync(join(folder, name)).isFile()).map((name) => name.split(sep).join('/')).sort();

const inlined = Object.fromEntries(['.svg', '.png', '.gif', '.jpg', '.woff', '.woff2', '.ttf', '.eot']
  .map((ending) => [ending, 'dataurl']));
const common = {
  absWorkingDir: here, bundle: true, minify: !dev, sourcemap: dev ? 'linked' : false, metafile: true,
  legalComments: 'linked', logLevel: 'warning', define: { 'process.env.NODE_ENV': '"production"' },
};

function serverBuilds() {
  return [{
    ...common, entryPoints: filesIn(join(here, 'server'), '.js'), outdir: bundles, format: 'iife', platform: 'neutral',
    target: 'es2022', mainFields: ['module', 'main'], conditions: ['import', 'module'], legalComments: 'none',
    loader: { '.svg': 'text' }, plugins: [feelinHooks],
  }];
}

function browserBuilds() {
  const modules = filesIn(join(here, 'src'), '.js');
  const sheets = filesIn(join(here, 'src/css'), '.css');
  const shared = { ...common, outdir: statics, target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'], loader: { ...inlined, '.bpmn': 'text', '.form': 'json' } };
  return [
    modules.length && {
      ...shared, entryPoints: modules, entryNames: '[ext]/[name]', chunkNames: 'js/chunks/[name]-[hash]',
      format: 'esm', splitting: true, jsx: 'automatic', jsxImportSource: '@bpmn-io/properties-panel/preact', plugins: [strictStyles],
    },
    sheets.length && { ...shared, entryPoints: sheets, entryNames: 'css/[name]' },
  ].filter(Boolean);
}

// A style sheet of its own and one that a module imports must not write the same file.
function refuseClashes() {
  const sheets = new Set(filesIn(join(here, 'src/css'), '.css').map((file) => basename(file, '.css')));
  for (const file of filesIn(join(here, 'src'), '.js')) {
    const name = basename(file, '.js');
    if (sheets.has(name) && /^\s*import\s+['"][^'"]+\.css['"]/m.test(readFileSync(file, 'utf8'))) {
      throw new Error(`src/${name}.js imports style sheets, so its css/${name}.css would overwrite src/css/${name}.css: rename one.`);
    }
  }
}

function packageOf(input) {
  const parts = input.split('/');
  const at = parts.lastIndexOf('node_modules');
  if (at < 0) return null;
  const length = parts[at + 1].startsWith('@') ? 3 : 2;
  return parts.slice(0, at + length).join('/');
}

// The licence of every package that has a byte in a bundle, and of the font, as its authors wrote it.
function collectLicences(metafiles) {
  const out = join(statics, 'licenses');
  const used = new Set([FONT, ...metafiles.flatMap((meta) => Object.keys(meta.inputs)).map(packageOf).filter(Boolean)]);
  const index = [];
  mkdirSync(out, { recursive: true });
  for (const folder of [...used].sort()) {
    const about = JSON.parse(readFileSync(join(here, folder, 'package.json'), 'utf8'));
    const texts = readdirSync(join(here, folder)).filter((name) => /^(licen[sc]e|copying|notice)/i.test(name)).sort();
    const file = `${about.name.replace('/', '__')}-${about.version}.txt`;
    const body = texts.map((name) => readFileSync(join(here, folder, name), 'utf8').trim()).join('\n\n');
    const fallback = `${about.name} ${about.version}\nLicence: ${about.license ?? 'see its source'}\n`;
    writeFileSync(join(out, file), (body || fallback) + '\n');
    index.push({ name: about.name, version: about.version, license: about.license ?? null, file });
  }
  writeFileSync(join(out, 'index.json'), JSON.stringify(index, null, 1) + '\n');
}

// name -> content hash; pages link `/static/NAME?v=HASH` and may be cached for ever.
function writeManifest() {
  const names = filesBelow(statics).filter((name) => name !== 'manifest.json' && !name.endsWith('.map'));
  const hash = (name) => createHash('sha256').update(readFileSync(join(statics, name))).digest('hex').slice(0, 12);
  writeFileSync(join(statics, 'manifest.json'), JSON.stringify(Object.fromEntries(names.map((name) => [name, hash(name)])), null, 1) + '\n');
}

// A server may be reading: each file is replaced at once, and what no build makes any more goes last.
function store(files) {
  for (const { path, contents } of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, contents);
    renameSync(`${path}.new`, path);
  }
  const made = new Set(files.map(({ path }) => path));
  for (const folder of [bundles, join(statics, 'js'), join(statics, 'css')]) {
    for (const name of filesBelow(folder)) if (!made.has(join(folder, name))) rmSync(join(folder, name));
  }
  rmSync(join(statics, 'licenses'), { recursive: true, force: true });
}

function copyFonts() {
  mkdirSync(fonts, { recursive: true });
  for (const name of ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf']) cpSync(join(here, FONT, 'ttf', name), join(fonts, name));
}

function finish(metafiles) {
  copyFonts();
  const assets = join(here, 'src/assets');
  if (existsSync(assets)) cpSync(assets, statics, { recursive: true });
  collectLicences(metafiles);
  writeManifest();
}

function report(metafiles) {
  for (const [file, { bytes }] of metafiles.flatMap((meta) => Object.entries(meta.outputs))) {
    if (!file.includes('/chunks/') && !/\.(map|txt)$/.test(file)) console.log(`${String(Math.round(bytes / 1024)).padStart(6)} KB  ${relative(join(here, '..'), join(here, file))}`);
  }
}

refuseClashes();
const jobs = [...serverBuilds(), ...browserBuilds()];
if (watch) {
  let ready = 0;
  const again = { name: 'finish', setup(b) { b.onEnd((result) => { if (!result.errors.length && ++ready >= jobs.length) { writeManifest(); console.log('built'); } }); } };
  const contexts = await Promise.all(jobs.map((job) => context({ ...job, plugins: [...(job.plugins ?? []), again] })));
  const first = await Promise.all(contexts.map((one) => one.rebuild()));
  finish(first.map((result) => result.metafile));
  await Promise.all(contexts.map((one) => one.watch()));
} else {
  const results = await Promise.all(jobs.map((job) => build({ ...job, write: false })));
  const metafiles = results.map((result) => result.metafile);
  store(results.flatMap((result) => result.outputFiles));
  finish(metafiles);
  report(metafiles);
}
