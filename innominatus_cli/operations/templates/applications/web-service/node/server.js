// Answers / and /healthz. Stops when it is asked to.
const http = require("node:http");

const server = http.createServer((request, response) => {
  const known = request.url === "/" || request.url === "/healthz";
  response.writeHead(known ? 200 : 404, { "content-type": "text/plain; charset=utf-8" });
  response.end(request.url === "/healthz" ? "ok\n" : known ? "Hello\n" : "Not found\n");
});
server.listen(Number(process.env.PORT || 8080));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
