"""bpmn.io's own libraries in an embedded JavaScript engine: FEEL, the checks of forms, layout."""
