// Does its work every PAUSE_SECONDS. Stops when it is asked to.
const pause = Number(process.env.PAUSE_SECONDS || 30) * 1000;

function work() {
  console.log("working");
}

work();
const timer = setInterval(work, pause);
process.on("SIGTERM", () => clearInterval(timer));
