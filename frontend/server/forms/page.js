// As much of a browser as form-js asks for while it is loaded and a form is made. Nothing is ever drawn.
const nothing = () => {};

function element(tag) {
  const name = String(tag).toUpperCase();
  return {
    tagName: name, nodeName: name, nodeType: 1, style: {}, dataset: {}, children: [], childNodes: [],
    classList: { add: nothing, remove: nothing, toggle: nothing, contains: () => false },
    setAttribute: nothing, removeAttribute: nothing, getAttribute: () => null,
    appendChild: (child) => child, removeChild: (child) => child, insertBefore: (child) => child,
    addEventListener: nothing, removeEventListener: nothing,
    querySelector: () => null, querySelectorAll: () => [], contains: () => false, cloneNode: () => element(tag),
  };
}

class Anything { observe() {} disconnect() {} }

class Address {
  constructor(text) {
    const parts = /^([a-z][\w+.-]*:)\/\/([^/?#]*)/i.exec(text);
    if (!parts) throw new TypeError('Invalid URL');
    [this.href, this.protocol, this.host] = parts;
    this.href = text;
  }
  static createObjectURL() { return ''; }
  static revokeObjectURL() {}
}

const CLASSES = ['HTMLElement', 'HTMLCollection', 'NodeList', 'Node', 'Element', 'HTMLTemplateElement', 'HTMLFormElement',
  'DocumentFragment', 'NodeFilter', 'NamedNodeMap', 'DOMParser', 'MutationObserver', 'ResizeObserver', 'KeyboardEvent', 'Event',
  'CustomEvent', 'MouseEvent', 'File', 'Blob', 'FileList', 'HTMLInputElement', 'HTMLTextAreaElement', 'SVGElement'];
for (const name of CLASSES) globalThis[name] ??= class extends Anything {};

Object.assign(globalThis, {
  window: globalThis, self: globalThis,
  navigator: { userAgent: 'server', platform: 'server', language: 'en' },
  addEventListener: nothing, removeEventListener: nothing,
  setTimeout: () => 0, clearTimeout: nothing, requestAnimationFrame: () => 0, cancelAnimationFrame: nothing,
  getComputedStyle: () => ({}), matchMedia: () => ({ matches: false, addListener: nothing, removeListener: nothing }),
  console: { log: nothing, warn: nothing, error: nothing, info: nothing, debug: nothing },
  crypto: { getRandomValues: (bytes) => { for (let i = 0; i < bytes.length; i++) bytes[i] = Math.random() * 256; return bytes; } },
  document: {
    nodeType: 9, activeElement: null, body: element('body'), head: element('head'), documentElement: element('html'),
    createElement: element, createElementNS: (_space, tag) => element(tag), createTextNode: (data) => ({ nodeType: 3, data }),
    createDocumentFragment: () => element('#fragment'), addEventListener: nothing, removeEventListener: nothing,
    querySelector: () => null, querySelectorAll: () => [], getElementsByTagName: () => [],
    implementation: { createHTMLDocument: () => ({ body: element('body'), documentElement: element('html') }) },
  },
});
globalThis.URL ??= Address;
