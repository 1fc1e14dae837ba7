package table

import (
	"fmt"
	"strings"
)

// DuckDB returns a statement that reads files of a table. They are paths or
// URLs, Parquet or CSV by their names. DuckDB takes the interval of a row from
// the names of the folders and adds it as the last column. Repairs have that
// column anyway.
func DuckDB(s *Schema, files []string) string {
	var parquet, csv []string
	for _, f := range files {
		if strings.HasSuffix(f, ".parquet") {
			parquet = append(parquet, f)
		} else {
			csv = append(csv, f)
		}
	}

	var selects []string
	hive := ",\n  hive_partitioning = true, hive_types_autocast = false"
	if s == Repairs { // the table has the column itself
		hive = ",\n  hive_partitioning = false"
	}

	if parquet != nil {
		selects = append(selects, "SELECT * FROM read_parquet("+list("[", parquet, "]")+hive+")")
	}
	if csv != nil {
		// Nothing is detected: an id of digits must stay a text.
		var columns []string
		for _, c := range s.Columns {
			columns = append(columns, fmt.Sprintf("'%s': '%s'", c.Name, [...]string{"VARCHAR", "BIGINT", "TIMESTAMPTZ"}[c.Kind]))
		}
		selects = append(selects, "SELECT * FROM read_csv("+list("[", csv, "]")+hive+
			",\n  auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"',\n  columns = {"+strings.Join(columns, ", ")+"})")
	}

	return strings.Join(selects, "\nUNION ALL\n") + ";\n"
}

// Athena returns two statements for Athena. The first makes a table of all
// Parquet below a location in S3. The second reads only the given files of it,
// which must have this schema.
func Athena(s *Schema, location string, files []string) string {
	var columns []string
	for _, c := range s.Columns {
		columns = append(columns, fmt.Sprintf("  `%s` %s", c.Name, [...]string{"string", "bigint", "timestamp"}[c.Kind]))
	}

	name := "cdrmend_" + s.Name
	return fmt.Sprintf("CREATE EXTERNAL TABLE IF NOT EXISTS %s (\n%s)\nSTORED AS PARQUET\nLOCATION %s;\n\nSELECT * FROM %s\nWHERE \"$path\" IN %s;\n",
		name, strings.Join(columns, ",\n"), literal(location), name, list("(", files, ")"))
}

// list writes texts as SQL literals, each on its own line.
func list(open string, texts []string, end string) string {
	var quoted []string
	for _, t := range texts {
		quoted = append(quoted, "\n  "+literal(t))
	}
	return open + strings.Join(quoted, ",") + end
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
