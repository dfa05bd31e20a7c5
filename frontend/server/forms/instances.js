// The fields of a form as they stand for given data: one entry for each row that a field is repeated in.
import { buildExpressionContext } from '@bpmn-io/form-js-viewer';
import { get } from './data.js';

// -> [{field, indexes, hidden, readonly, path, context}], keyed fields only, in the order of the form.
export function instancesOf(form, data, initial) {
  const fields = form.get('formFields'), paths = form.get('pathRegistry'), language = form.get('expressionLanguage');
  const visible = { ...initial, ...form.get('conditionChecker').applyConditions(data, data) };
  const found = [];
  const test = (expression, context) => language.evaluateUnaryTest(expression, buildExpressionContext(context)) === true;

  function walk(field, context, indexes, parentHidden) {
    const { config } = fields.get(field.type);
    const hidden = parentHidden || !!field.conditional?.hide && test(field.conditional.hide, context);
    if (config.keyed) {
      const readonly = language.isExpression(field.readonly) ? test(field.readonly, context) : field.readonly === true;
      found.push({ field, indexes, hidden, readonly, path: paths.getValuePath(field, { indexes }), context });
    }
    if (!Array.isArray(field.components)) return;
    if (config.repeatable && field.isRepeating) rows(field, context, indexes, hidden);
    else field.components.forEach((child) => walk(child, context, indexes, hidden));
  }

  function rows(field, context, indexes, hidden) {
    const list = get(data, paths.getValuePath(field, { indexes }));
    (Array.isArray(list) ? list : []).forEach((row, n) => {
      const inner = { data: context.data, this: row, parent: buildExpressionContext({ ...context, data: context.this }), i: [...context.i, n + 1] };
      field.components.forEach((child) => walk(child, inner, { ...indexes, [field.id]: n }, hidden));
    });
  }

  walk(form.get('formFieldRegistry').getForm(), { data: visible, this: visible, parent: null, i: [] }, {}, false);
  return found;
}
