// What viewer and modeler share: colours of the theme, finding an element on its plane.
const style = getComputedStyle(document.documentElement);
const colour = (name) => resolved(style.getPropertyValue(name).trim());

// bpmn-js writes colours into attributes, where custom properties do not work.
function resolved(value) {
  const context = document.createElement('canvas').getContext('2d');
  context.fillStyle = value;
  return context.fillStyle;
}

export const renderer = () => ({
  defaultFillColor: colour('--paper'),
  defaultStrokeColor: colour('--ink'),
  defaultLabelColor: colour('--ink'),
});

/** Show the plane an element is drawn on, put it into the middle, and choose it. */
export function reveal(viewer, id, { choose = true } = {}) {
  const registry = viewer.get('elementRegistry');
  const canvas = viewer.get('canvas');
  const element = registry.get(id);
  if (!element) return null;
  const root = canvas.findRoot(element) ?? canvas.getRootElement();
  if (canvas.getRootElement() !== root) canvas.setRootElement(root);
  if (element === root) return element;
  const box = canvas.viewbox();
  const middle = { x: element.x + (element.width ?? 0) / 2, y: element.y + (element.height ?? 0) / 2 };
  const inside = middle.x > box.x + 40 && middle.x < box.x + box.width - 40 && middle.y > box.y + 40 && middle.y < box.y + box.height - 40;
  if (!inside && Number.isFinite(middle.x)) canvas.viewbox({ ...box, x: middle.x - box.width / 2, y: middle.y - box.height / 2 });
  if (choose && viewer.get('selection', false)) viewer.get('selection').select(element);
  return element;
}
