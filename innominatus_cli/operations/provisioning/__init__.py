"""The provisioners of a repository: what there are, whether they are right, whether they keep the rules, new ones."""
