"""Tidegate: release and deployment management that runs from BPMN diagrams."""
