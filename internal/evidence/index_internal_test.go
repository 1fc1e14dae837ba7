package evidence

import (
	"slices"
	"strconv"
	"testing"

	"cdrmend/internal/intern"
)

func TestAnIndexFindsAllRecordsOfAnIdWithinItsOrganisation(t *testing.T) {
	texts := intern.NewTable()
	id, other, absent := texts.OfString("7"), texts.OfString("5"), texts.OfString("8")
	one, two, three := texts.OfString("one"), texts.OfString("two"), texts.OfString("three")
	records := []struct{ org, id intern.Text }{
		{two, id}, {one, other}, {one, id}, {intern.None, id}, {one, intern.None}, {one, id}, {two, id},
	}
	x := newIndex(texts, len(records),
		func(n uint32) intern.Text { return records[n].org },
		func(n uint32, add func(intern.Text)) { add(records[n].id) })
	for _, test := range []struct {
		org, id intern.Text
		want    []uint32
	}{
		{one, id, []uint32{2, 5}},
		{two, id, []uint32{0, 6}},
		{intern.None, id, []uint32{3}},
		{one, other, []uint32{1}},
		{two, other, nil},
		{one, intern.None, nil},
		{one, absent, nil},
		{three, id, nil},
		{one, texts.OfString("later"), nil},
	} {
		if got := x.Find(test.org, test.id); !slices.Equal(got, test.want) {
			t.Errorf("find(%s, %s) = %v, want %v", texts.String(test.org), texts.String(test.id), got, test.want)
		}
	}
	groups := 0
	for range x.Groups {
		groups++
	}
	if groups != 4 {
		t.Errorf("%d groups, want 4", groups)
	}
}

func TestAnIndexOfOneOrganisationFindsNothingOfAnother(t *testing.T) {
	texts := intern.NewTable()
	id, org, other := texts.OfString("7"), texts.OfString("one"), texts.OfString("two")
	x := newIndex(texts, 2,
		func(uint32) intern.Text { return org }, func(_ uint32, add func(intern.Text)) { add(id) })
	if got := x.Find(org, id); !slices.Equal(got, []uint32{0, 1}) {
		t.Errorf("got %v, want both records", got)
	}
	if got := x.Find(other, id); got != nil {
		t.Errorf("got %v of another organisation", got)
	}
}

func TestAnIndexFindsEachIdAmongManyTexts(t *testing.T) {
	texts := intern.NewTable()
	const records = 5000
	var ids []intern.Text // of the records; other texts are no ids, and an id has two or three records
	for n := range records {
		texts.OfString("text " + strconv.Itoa(n))
		ids = append(ids, texts.OfString(strconv.Itoa(n%2000)))
	}
	org := texts.OfString("one")
	x := newIndex(texts, records, func(uint32) intern.Text { return org }, func(n uint32, add func(intern.Text)) { add(ids[n]) })

	for n := range uint32(2000) {
		var want []uint32
		for at := n; at < records; at += 2000 {
			want = append(want, at)
		}
		if got := x.Find(org, ids[n]); !slices.Equal(got, want) {
			t.Fatalf("id %d: got %v, want %v", n, got, want)
		}
		if got := x.Find(org, texts.OfString("text "+strconv.Itoa(int(n)))); got != nil {
			t.Fatalf("text %d is no id of a record, and has %v", n, got)
		}
	}
}
