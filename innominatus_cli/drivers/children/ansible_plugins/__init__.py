"""Plugins that run in Ansible's own process, by Ansible's own Python."""
