package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// costs are the numbers of deploy/cost.md by name: prices, and rates of one way to deliver.
type costs map[string]float64

// costRates reads the rates and prices of the page. The columns are those of lists and
// sidecars; a price is one number for both.
func costRates(t *testing.T, page string) (lists, sidecars costs) {
	t.Helper()
	lists, sidecars = costs{}, costs{}
	number := func(cell string) float64 {
		v, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(cell), ",", ""), 64)
		if err != nil {
			t.Fatalf("%q is no number of deploy/cost.md", cell)
		}
		return v
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|[^|]*\\|([^|]*)\\|(?:([^|]*)\\|)?$").FindAllStringSubmatch(page, -1) {
		lists[m[1]] = number(m[2])
		sidecars[m[1]] = lists[m[1]]
		if m[3] != "" {
			sidecars[m[1]] = number(m[3])
		}
	}
	return lists, sidecars
}

// costRow computes a row of the page's result from rates, for millions of calls a day.
func costRow(c costs, name string, millions float64) string {
	get := c["get"]*millions + c["looks"]*c["get_look"]
	list := c["looks"] * (c["list"]*millions + c["list_look"])
	put := c["commits"] * (c["put"]*millions + c["put_commit"])
	stored := c["commits"] * c["stored"] * millions / 1000 // GB
	cpu := c["cpu"] * millions / 3600                      // hours
	memory := max(0.5, c["memory"]*millions)               // GB

	requests := (get*c["price_get"] + list*c["price_list"] + put*c["price_put"]) / 1000
	machine := cpu*c["price_vcpu"] + cpu/c["cores"]*memory*c["price_gb"]
	storage := stored * c["price_storage"]
	nights := c["nights"]
	// A night is stored for half of the span in the mean.
	whole := nights*(requests+machine) + nights*storage*c["months"]/2

	return fmt.Sprintf("| %s | %s M | %s | %s | %s | %s | %s | %.1f | %s | %s | %s | %s | %s |", name, grouped(millions),
		grouped(get), grouped(put), grouped(list), small(stored), small(cpu), memory,
		small(requests), small(machine), small(stored*nights/1000), grouped(storage*nights), grouped(whole))
}

// grouped writes whole numbers as 1,234,567.
func grouped(v float64) string {
	text := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// small writes numbers below 1 with three decimals, and those below 100 with two.
func small(v float64) string {
	switch {
	case v < 1:
		return strconv.FormatFloat(v, 'f', 3, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return grouped(v)
}

// TestTheCostsFollowFromTheRatesOfThePage computes the table of results from the tables of
// rates and prices, so that whoever changes a number there is told the new result.
func TestTheCostsFollowFromTheRatesOfThePage(t *testing.T) {
	page := string(deployed(t, "cost.md"))
	lists, sidecars := costRates(t, page)
	var rows []string
	for _, millions := range []float64{1, 10, 100} {
		rows = append(rows, costRow(lists, "lists", millions), costRow(sidecars, "sidecars", millions))
	}
	if want := strings.Join(rows, "\n"); !strings.Contains(page, "|\n"+want+"\n\n") {
		t.Errorf("deploy/cost.md does not have the rows that follow from its rates:\n%s", want)
	}
	if len(lists) != 20 {
		t.Errorf("the page has %d rates and prices, want 20: a name is misspelt or twice", len(lists))
	}
}
