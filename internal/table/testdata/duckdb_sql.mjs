// Prints the rows of a statement as DuckDB answers it, one JSON array for each
// line. Numbers are texts, times microseconds.
// usage: node duckdb_sql.mjs <node_modules> <statement>
import { createRequire } from 'node:module';

const [modules, statement] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(modules + '/')('@duckdb/node-api');
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const select = statement.trim().replace(/;$/, '');
const described = await connection.runAndReadAll(`describe ${select}`);
// The binding drops a byte order mark at the beginning of a text.
const shielded = described.getRows().map(([name, type]) => (type === 'VARCHAR' ? `'=' || "${name}"` : `"${name}"`));
const reader = await connection.runAndReadAll(`select ${shielded.join()} from (${select})`);
const text = reader.getRows().map((row) => JSON.stringify(row.map(plain)) + '\n').join('');

function plain(value) {
  if (value === null) return null;
  if (typeof value === 'string') return value.slice(1);
  if (typeof value === 'bigint') return value.toString();
  return value.micros.toString();
}

process.stdout.write(text);
