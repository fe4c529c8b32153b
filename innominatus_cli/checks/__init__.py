"""One function a rule over nodes; rules yield findings and never raise for what a person wrote."""
