// Looks up a value in a Parquet file with DuckDB. Prints as JSON how many row
// groups the bloom filter of the column excludes and leaves, how many rows were
// found, and whether DuckDB can read the column in all row groups.
// usage: node duckdb_lookup.mjs <node_modules> <file.parquet> <column> <value>
import { createRequire } from 'node:module';

const [modules, file, column, value] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(modules + '/')('@duckdb/node-api');
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
const rows = async (sql) => (await connection.runAndReadAll(sql)).getRows();

const probed = await rows(`select bloom_filter_excludes from parquet_bloom_probe(${quoted(file)}, ${quoted(column)}, ${quoted(value)})`);
const found = await rows(`select * from read_parquet(${quoted(file)}) where "${column}" = ${quoted(value)}`);
const whole = await rows(`select max("${column}" || '') from read_parquet(${quoted(file)})`).then(() => true, () => false);

const excluded = probed.filter(([no]) => no).length;
console.log(JSON.stringify({ Excluded: excluded, Left: probed.length - excluded, Found: found.length, Whole: whole }));
