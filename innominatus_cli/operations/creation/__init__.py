"""What `new` writes: questions and their answers, the files that answers make, and writing all of them or none."""
