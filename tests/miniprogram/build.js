// Compiles the mini-program into one ES module that a browser can run: node build.js SOURCE TARGET
// Templates go through Tencent's own compiler; an error or warning of it ends the build.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { TmplGroup } from "glass-easel-template-compiler";

const [source, target] = process.argv.slice(2);

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

const named = files(source).map((file) => [relative(source, file).replaceAll("\\", "/"), readFileSync(file, "utf8")]);
const of = (ending) => named.filter(([name]) => name.endsWith(ending)).map(([name, text]) => [name.slice(0, -ending.length), text]);

const group = new TmplGroup();
const faults = [];
for (const [path, text] of of(".wxml")) {
  for (const fault of group.addTmpl(path, text)) {
    faults.push(`${path}.wxml:${fault.start_line + 1}: ${fault.message}`);
  }
}
if (faults.length) {
  console.error(faults.join("\n"));
  process.exit(1);
}

const entries = (pairs, write) => pairs.map(([name, text]) => `${JSON.stringify(name)}: ${write(text)}`).join(",\n");
const modules = entries(of(".js"), (text) => `function (module, exports, require, wx, getApp, getCurrentPages, App, Page, Component) {\n"use strict";\n${text}\n}`);
const written = `
export const templates = ${group.getTmplGenObjectGroups()};
export const settings = {${entries(of(".json"), (text) => text)}};
export const styles = {${entries(of(".wxss"), JSON.stringify)}};
export const modules = {${modules}};
`;
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, written);
