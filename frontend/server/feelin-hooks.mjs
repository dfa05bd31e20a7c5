// Opens two doors into feelin while it is bundled for the server: the function that turns a node of the parse tree into
// code, so that a few nodes can follow the FEEL standard more closely, and its table of built-in functions.
// feelin is pinned exactly; should a new version look different inside, the build stops here.
import { readFile } from 'node:fs/promises';

const CALL = 'const expr = evalNode(node, args, interpreterContext);';
const HOOKED = 'const expr = inside.node(node, args, interpreterContext);';
const INSIDE = `
export const inside = { node: evalNode, builtins, interpreter, InterpreterContext, Range, FunctionWrapper, wrapFunction,
  getType, equals, getBuiltin, createRange, listFn, fn, toString };
`;

export const feelinHooks = {
  name: 'feelin-hooks',
  setup(build) {
    build.onLoad({ filter: /@bpmn-io[\\/]feelin[\\/]dist[\\/]index\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes(CALL)) throw new Error('feelin has changed inside: adapt frontend/server/feelin-hooks.mjs');
      return { contents: source.replace(CALL, HOOKED) + INSIDE, loader: 'js' };
    });
  },
};
