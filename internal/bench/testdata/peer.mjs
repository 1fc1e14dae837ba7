// Runs the statements of a file in DuckDB and prints the rows of the last one,
// as "kind name count" lines. With TIMES set, says how long each took.
// usage: node peer.mjs <node_modules> <file.sql> NAME=value...
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const [modules, file, ...values] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(modules + '/')('@duckdb/node-api');
let sql = readFileSync(file, 'utf8').replace(/--.*$/gm, '');
for (const value of values) {
  const [name, text] = value.split(/=(.*)/s);
  sql = sql.replace(new RegExp(`\\b${name}\\b`, 'g'), text.replaceAll("'", "''"));
}
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const statements = sql.split(';\n').map((s) => s.trim()).filter((s) => s);
for (const [i, statement] of statements.entries()) {
  const started = performance.now();
  const reader = await connection.runAndReadAll(statement);
  if (process.env.TIMES) console.error(Math.round(performance.now() - started), 'ms', statement.slice(0, 60).replaceAll('\n', ' '));
  if (i === statements.length - 1) for (const row of reader.getRows()) console.log(row.join(' '));
}
