// Parses Mermaid graphs as a page would: `node mermaid_parse.mjs FOLDER < graphs.json`, a JSON list of texts.
// FOLDER holds node_modules (see .ci/tools). Prints a JSON list: the nodes' and boxes' texts of each, or its error.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const find = createRequire(`${process.argv[2]}/package.json`).resolve;
const { JSDOM } = await import(pathToFileURL(find("jsdom")));
const { window } = new JSDOM("<!DOCTYPE html>");
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import(pathToFileURL(find("mermaid")));

let input = "";
for await (const chunk of process.stdin) input += chunk;
const answers = [];
for (const text of JSON.parse(input)) {
  try {
    await mermaid.parse(text);
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    const { nodes, edges } = db.getData();
    answers.push({ nodes: nodes.map((node) => node.label), edges: edges.length });
  } catch (error) {
    answers.push({ error: String(error.message ?? error) });
  }
}
console.log(JSON.stringify(answers));
