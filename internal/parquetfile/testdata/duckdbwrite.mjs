// Writes Parquet files with DuckDB, in each codec, page version and ratio:
// DIR/CODEC,VERSION,RATIO,ROWS.parquet with the column x, of about 300 kB before
// compression or more.
// usage: node duckdbwrite.mjs <node_modules> <DIR>
// Value i is NULL when i is a multiple of 7, else the MD5 of i in hexadecimal
// digits, and then "a" until it has 32 times RATIO bytes.
import { createRequire } from 'node:module';

const [modules, dir] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(modules + '/')('@duckdb/node-api');
const connection = await (await DuckDBInstance.create(':memory:')).connect();
for (const codec of ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw']) {
  for (const version of ['V1', 'V2']) {
    for (const ratio of [1, 2, 3, 10, 255]) {
      const x = `case when i % 7 = 0 then null else rpad(md5(i::varchar), ${32 * ratio}, 'a') end`;
      const rows = Math.max(200, Math.round(10_000 / ratio));
      const file = `${dir}/${codec},${version},${ratio},${rows}.parquet`.replaceAll("'", "''");
      await connection.run(`copy (select ${x} as x from range(${rows}) t(i)) to '${file}' (format parquet, codec '${codec}', parquet_version ${version}, row_group_size 2048)`);
    }
  }
}
