// Prints a Parquet file as DuckDB reads it, one JSON array for each line: the
// types of the columns, then the rows. Numbers are texts, times microseconds.
// usage: node duckdb.mjs <node_modules> <file.parquet>
import { createRequire } from 'node:module';
import { createWriteStream } from 'node:fs';

const [modules, file] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(modules + '/')('@duckdb/node-api');
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const table = `read_parquet('${file.replaceAll("'", "''")}')`;
const described = await connection.runAndReadAll(`describe select * from ${table}`);
const columns = described.getRows().map(([name, type]) => ({ name, type }));
// The binding drops a byte order mark at the beginning of a text.
const shielded = columns.map(({ name, type }) => (type === 'VARCHAR' ? `'=' || "${name}"` : `"${name}"`));
const reader = await connection.runAndReadAll(`select ${shielded.join()} from ${table}`);
const rows = reader.getRows().map((row) => row.map(plain));

function plain(value) {
  if (value === null) return null;
  if (typeof value === 'string') return value.slice(1);
  if (typeof value === 'bigint') return value.toString();
  return value.micros.toString();
}

// A reader that skips by statistics has to find what a full scan finds.
for (const [i, { name, type }] of columns.entries()) {
  const wanted = rows.map((row) => row[i]).find((value) => value !== null);
  if (wanted === undefined) continue;
  const literal = type === 'VARCHAR' ? '$1' : type === 'BIGINT' ? '$1::bigint' : 'make_timestamptz($1::bigint)';
  const found = await connection.runAndReadAll(`select count(*) from ${table} where "${name}" = ${literal}`, [wanted]);
  const counted = rows.filter((row) => row[i] === wanted).length;
  if (Number(found.getRows()[0][0]) !== counted) {
    console.error(`${name} = ${JSON.stringify(wanted)}: ${found.getRows()[0][0]} rows by filter, ${counted} by scan`);
    process.exit(1);
  }
}

const out = createWriteStream(null, { fd: 1 });
out.write(JSON.stringify(columns.map(({ type }) => type)) + '\n');
for (const row of rows) out.write(JSON.stringify(row) + '\n');
out.end();
