import { evaluate } from '@bpmn-io/feelin';
globalThis.feel = { evaluate };
