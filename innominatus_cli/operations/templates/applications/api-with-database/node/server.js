// GET /notes lists notes, POST /notes adds the body as one. Stops when it is asked to.
const http = require("node:http");
const { DatabaseSync } = require("node:sqlite");

const database = new DatabaseSync(process.env.DATABASE || "api.db");
database.exec("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");

function answer(response, status, data) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(data) + "\n");
}

const server = http.createServer(async (request, response) => {
  if (request.url === "/healthz") return answer(response, 200, { status: "ok" });
  if (request.url !== "/notes") return answer(response, 404, { error: "not found" });
  if (request.method !== "POST") return answer(response, 200, database.prepare("SELECT id, text FROM notes").all());
  const parts = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString();
  const added = database.prepare("INSERT INTO notes (text) VALUES (?)").run(text);
  return answer(response, 201, { id: Number(added.lastInsertRowid), text });
});
server.listen(Number(process.env.PORT || 8080));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
