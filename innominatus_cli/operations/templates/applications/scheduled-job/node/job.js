// What is done by the schedule.
console.log("the job is done");
