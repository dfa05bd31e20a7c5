"""The only home of SpiffWorkflow; reads diagrams and steps instances, without I/O."""
