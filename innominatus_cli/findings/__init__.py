"""What was found in what a person wrote: values with a code, a place and a remedy."""
