package parquetfile

import (
	"bytes"
	"fmt"
	"testing"

	"cdrmend/internal/jsonscan"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

func TestTheFirstRowsShowEveryColumnByItsPlace(t *testing.T) {
	type row struct {
		ID    string `parquet:"id"`
		Odd   string `parquet:"/odd"`
		Inner *struct {
			Deep struct {
				N int64 `parquet:"n~/m"`
			} `parquet:"deep"`
		} `parquet:"inner,optional"`
		List []string          `parquet:"list,list"`
		Map  map[string]string `parquet:"map"`
	}
	var file bytes.Buffer
	w := parquet.NewGenericWriter[row](&file, parquet.MaxRowsPerRowGroup(2))
	for i := range 5 {
		r := row{ID: fmt.Sprint(i), Odd: "o", List: []string{"a", "b"}[:i%3], Map: map[string]string{"k": "v"}}
		if i == 1 {
			r.Inner = &struct {
				Deep struct {
					N int64 `parquet:"n~/m"`
				} `parquet:"deep"`
			}{}
			r.Inner.Deep.N = 7
		}
		if _, err := w.Write([]row{r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	var got []string
	err := Head(bytes.NewReader(file.Bytes()), int64(file.Len()), 3, &defaults, func(places []string, values []jsonscan.Value) {
		line := ""
		for i, v := range values {
			line += fmt.Sprintf("%s=%s ", places[i], v.Raw)
		}
		got = append(got, line)
	})
	want := []string{
		`id=0 /~1odd=o /inner/deep/n~0~1m= list=[] map={"k":"v"} `,
		`id=1 /~1odd=o /inner/deep/n~0~1m=7 list=["a"] map={"k":"v"} `,
		`id=2 /~1odd=o /inner/deep/n~0~1m= list=["a","b"] map={"k":"v"} `,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
