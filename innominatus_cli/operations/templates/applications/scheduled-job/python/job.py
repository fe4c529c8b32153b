"""What is done by the schedule."""

print("the job is done")
