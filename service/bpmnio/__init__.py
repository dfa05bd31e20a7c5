"""bpmn.io's own libraries, run in an embedded JavaScript engine."""
