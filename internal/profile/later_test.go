package profile_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
)

func TestIDsThatWaitAreThoseThatDoNot(t *testing.T) {
	texts := intern.NewTable()
	prof := &profile.Profile{}
	r := rand.New(rand.NewPCG(9, 10))
	ids := []string{"", "17", "call-1", " ", "00000000-0000-0000-0000-000000000000"}
	for i := range 9000 { // more than wait at once
		id := fmt.Sprintf("%08x-0000-4000-8000-%012x", r.Uint32(), i)
		ids = append(ids, id, "{"+id+"}", " "+id)
	}
	r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	cell := func(id string) jsonscan.Value { return jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(id)} }
	var readers sync.WaitGroup
	for range 3 { // that meet in the same table
		readers.Go(func() {
			later, now := profile.NewNormalizer(prof, texts), profile.NewNormalizer(prof, texts)
			got, settled := make([]intern.Text, len(ids)), 0
			settle := func() {
				later.Settle(func(slot uint32, id intern.Text) { got[slot], settled = id, settled+1 })
			}
			for i, id := range ids {
				text, present, ok := later.Later(cell(id), uint32(i))
				if want, _ := now.ID(cell(id)); !ok || present != (want != intern.None) {
					t.Errorf("%q: present %v, ok %v", id, present, ok)
				}
				got[i] = text
				if later.Waits() && i%2 == 0 { // whoever settles late may
					settle()
				}
			}
			settle()
			for i, id := range ids {
				if want, _ := now.ID(cell(id)); got[i] != want {
					t.Fatalf("%q is %q, want %q", id, texts.String(got[i]), texts.String(want))
				}
			}
			if settled != 3*9000 {
				t.Errorf("%d ids waited, want all %d UUIDs", settled, 3*9000)
			}
		})
	}
	readers.Wait()
}

func TestIDsThatAreForgottenAreNotSettled(t *testing.T) {
	n := profile.NewNormalizer(&profile.Profile{}, intern.NewTable())
	n.Later(jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte("6f0a0000-0000-4000-8000-000000000001")}, 1)
	n.Forget()
	n.Settle(func(slot uint32, id intern.Text) { t.Errorf("slot %d is settled", slot) })
}
