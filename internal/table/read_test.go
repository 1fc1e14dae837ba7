package table

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"cdrmend/internal/outside"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// failure ranges over rows to the error and returns it and how many came
// before.
func failure(rows Rows) (n int, err error) {
	for _, err := range rows {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

const repairHeader = "interval,source,object_key,entry,org_id,conversation_id,recording_id,field,old_value,new_value,rule,evidence\n"

func TestReadCSVRefusesWhatWriteCSVNeverWrites(t *testing.T) {
	good := "2026-11-20,m,k,0,,,,field,,new,rule,key\n"
	for want, in := range map[string]string{
		`reading table repairs: line 1: the file is empty`:                                                           "",
		`reading table repairs: line 1: the last line has no end`:                                                    "interval",
		`reading table repairs: line 1: column 0 is "a", want "interval" in a header of 12 columns`:                  "a,b\n",
		`reading table repairs: line 1: column 11 is "evidence", want "evidence" in a header of 12 columns`:          strings.Replace(repairHeader, "\n", ",more\n", 1),
		`reading table repairs: line 1: column 11 is "evidence\r", want "evidence" in a header of 12 columns`:        strings.Replace(repairHeader, "\n", "\r\n", 1),
		`reading table repairs: line 2: column "interval": the row ends here`:                                        repairHeader + "\n",
		`reading table repairs: line 3: column "evidence": the row goes on after the last column`:                    repairHeader + good + strings.Replace(good, "\n", ",\n", 1),
		`reading table repairs: line 2: column "entry": "x" is no number`:                                            repairHeader + strings.Replace(good, "0,,", "x,,", 1),
		`reading table repairs: line 2: column "entry": "007" is no number`:                                          repairHeader + strings.Replace(good, ",0,,", ",007,,", 1),
		`reading table repairs: line 2: column "rule": a cell that holds a quote or CR is not quoted as a whole`:     repairHeader + strings.Replace(good, "rule", `r"u"le`, 1),
		`reading table repairs: line 2: column "interval": a cell that holds a quote or CR is not quoted as a whole`: repairHeader + `"a"b` + good,
		`reading table repairs: line 3: the last line has no end`:                                                    repairHeader + good + `"2026`,
		`reading table repairs: line 4: column "entry": "-" is no number`:                                            repairHeader + strings.Replace(good, "new", "\"ne\nw\"", 1) + "2026-11-20,m,k,-,,,,,,,,\n",
		`reading table repairs: line 2: column "evidence": a cell that holds a quote or CR is not quoted as a whole`: repairHeader + strings.Replace(good, "\n", "\r\n", 1),
	} {
		_, err := failure(ReadCSV(strings.NewReader(in), Repairs))
		if err == nil || err.Error() != want {
			t.Errorf("%q:\ngot  %v\nwant %s", in, err, want)
		}
	}
}

func TestCSVLinesMayBeLongerThanAnyBuffer(t *testing.T) {
	repair := Repair{Source: "m", ObjectKey: "k", Field: "f", Old: strings.Repeat(`"long", `, csvBuffer)}
	rows := RowsOf([]Repair{repair, repair}, (*Repair).Fill)
	csv, parquet := written(t, Repairs, rows)
	want := allRows(t, rows)
	if !cmp.Equal(want, allRows(t, ReadCSV(bytes.NewReader(csv), Repairs))) {
		t.Error("a long line does not survive CSV")
	}
	if !cmp.Equal(want, allRows(t, ReadParquet(bytes.NewReader(parquet), int64(len(parquet)), Repairs))) {
		t.Error("a long text does not survive Parquet")
	}
}

func TestReadParquetRefusesOtherColumns(t *testing.T) {
	_, outages := written(t, Outages, nasty(Outages, 3))
	type other struct {
		Interval int64 `parquet:"interval"`
	}
	var small bytes.Buffer
	if err := parquet.Write(&small, []other{{1}}); err != nil {
		t.Fatal(err)
	}
	renamed := *Outages
	renamed.Columns = append([]Column{number("outage_id")}, Outages.Columns[1:]...)
	for want, rows := range map[string]Rows{
		"reading table repairs: it has 22 columns, want 12": ReadParquet(bytes.NewReader(outages), int64(len(outages)), Repairs),
		"reading table repairs: it has 1 columns, want 12":  ReadParquet(bytes.NewReader(small.Bytes()), int64(small.Len()), Repairs),
		`reading table outages: column "outage_id" is a STRING, want INT(64,true)`: ReadParquet(
			bytes.NewReader(outages), int64(len(outages)), &renamed),
	} {
		if n, err := failure(rows); n != 0 || err == nil || err.Error() != want {
			t.Errorf("%d rows and error %v, want none and %s", n, err, want)
		}
	}
}

func TestDamagedParquetIsAnErrorAndNeverAPanic(t *testing.T) {
	// A stride that is prime to everything in the format meets each part of it.
	stride := outside.Pick(131, 13)
	_, whole := written(t, Findings, nasty(Findings, 40))
	for size := 0; size < len(whole); size += stride {
		if _, err := failure(ReadParquet(bytes.NewReader(whole[:size]), int64(size), Findings)); err == nil {
			t.Fatalf("the first %d of %d bytes are read as a table", size, len(whole))
		}
	}
	damaged := bytes.Clone(whole)
	for i := 0; i < len(whole); i += stride {
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			damaged[i] ^= flip
			failure(ReadParquet(bytes.NewReader(damaged), int64(len(damaged)), Findings))
			damaged[i] = whole[i]
		}
	}
}

func TestReadersStopWhenTheConsumerDoes(t *testing.T) {
	csv, parquet := written(t, Findings, nasty(Findings, 200))
	for name, rows := range map[string]Rows{
		"CSV":     ReadCSV(bytes.NewReader(csv), Findings),
		"Parquet": ReadParquet(bytes.NewReader(parquet), int64(len(parquet)), Findings),
	} {
		func() {
			defer func() {
				if p := recover(); p != io.ErrUnexpectedEOF {
					t.Errorf("%s: the consumer's own panic became %v", name, p)
				}
			}()
			for range rows {
				panic(io.ErrUnexpectedEOF)
			}
		}()
	}
}

// FuzzCSV: what is read can be written, and is then read as the same.
func FuzzCSV(f *testing.F) {
	for _, rows := range []int{0, 1, 30} {
		var csv bytes.Buffer
		if err := WriteCSV(&csv, Repairs, nasty(Repairs, rows)); err != nil {
			f.Fatal(err)
		}
		f.Add(csv.Bytes())
	}
	f.Add([]byte(repairHeader + `"a""b",",","` + "\n" + `",1,,,,,,,,"""` + "\r\n" + `"` + "\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var first bytes.Buffer
		if err := WriteCSV(&first, Repairs, ReadCSV(bytes.NewReader(in), Repairs)); err != nil {
			return
		}
		var second bytes.Buffer
		if err := WriteCSV(&second, Repairs, ReadCSV(bytes.NewReader(first.Bytes()), Repairs)); err != nil {
			t.Fatalf("what was written cannot be read: %v\n%q", err, first.Bytes())
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatalf("got  %q\nwant %q", second.Bytes(), first.Bytes())
		}
	})
}

// FuzzParquet: what is read of whatever file can be written, and is then read
// as the same.
func FuzzParquet(f *testing.F) {
	for _, rows := range []int{0, 1, 30} {
		var parquet bytes.Buffer
		if err := WriteParquet(&parquet, Repairs, nasty(Repairs, rows)); err != nil {
			f.Fatal(err)
		}
		f.Add(parquet.Bytes())
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var first, second bytes.Buffer
		if err := WriteParquet(&first, Repairs, ReadParquet(bytes.NewReader(in), int64(len(in)), Repairs)); err != nil {
			return
		}
		if err := WriteParquet(&second, Repairs, ReadParquet(bytes.NewReader(first.Bytes()), int64(first.Len()), Repairs)); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatalf("got  %q\nwant %q", second.Bytes(), first.Bytes())
		}
	})
}
