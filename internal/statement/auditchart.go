package statement

import (
	"fmt"
	"strconv"

	"cdrmend/internal/report"
)

// Measures of the chart in millimetres, and how many days it can show.
const (
	chartHeight = 24
	chartLeft   = 14
	mostCharted = 100
)

// trend draws the share of recorded calls by day, and the target.
func (d *auditDocument) trend() {
	days := d.r.Days
	if len(days) < 2 || len(days) > mostCharted {
		return
	}
	target, least := 0.0, 99.0
	if d.r.Target != nil {
		target, _ = strconv.ParseFloat(d.r.Target.Percent, 64) // it was read as a percentage
		least = min(least, target)
	}
	for i := range days {
		if c := &days[i].Coverage; c.Of > 0 {
			least = min(least, 100*float64(c.Recorded)/float64(c.Of))
		}
	}
	low := float64(int(least))

	d.room(chartHeight + 14)
	pdf, top := d.pdf, d.pdf.GetY()+2
	at := func(share float64) float64 { return top + chartHeight*(100-share)/(100-low) }
	d.font("", 7)
	d.edge(at(100), "100 %")
	d.edge(at(low), fmt.Sprintf("%.0f %%", low))
	if target > 0 {
		pdf.SetDrawColor(161, 36, 42)
		pdf.SetDashPattern([]float64{2, 1}, 0)
		pdf.Line(margin+chartLeft, at(target), margin+wide, at(target))
		pdf.SetDashPattern(nil, 0)
	}
	d.points(at)

	pdf.SetDrawColor(0, 0, 0)
	pdf.SetFillColor(255, 255, 255)
	pdf.SetXY(margin, top+chartHeight+5)
	text := "The share of the calls that should be recorded and are, by day. An empty ring: there may be more calls than the number of which this is the share."
	if target > 0 {
		text += " The dashed line is the target."
	}
	d.note(text)
}

// edge draws a line of the chart with what it stands for.
func (d *document) edge(y float64, label string) {
	d.pdf.SetDrawColor(200, 200, 200)
	d.pdf.Line(margin+chartLeft, y, margin+wide, y)
	d.pdf.SetXY(margin, y-2)
	d.pdf.CellFormat(chartLeft-2, 4, label, "", 0, "R", false, 0, "")
}

// points draws the days of the chart, with the labels of some.
func (d *auditDocument) points(at func(share float64) float64) {
	pdf, days := d.pdf, d.r.Days
	pdf.SetDrawColor(27, 94, 138)
	step := (wide - chartLeft) / float64(len(days))
	every := (len(days) + 11) / 12
	lastX, lastY := 0.0, 0.0
	for i := range days {
		c, x := &days[i].Coverage, margin+chartLeft+step*(float64(i)+0.5)
		if i%every == 0 {
			pdf.SetXY(x-8, at(100)+chartHeight+1)
			pdf.CellFormat(16, 4, days[i].Day[len("2006-"):], "", 0, "C", false, 0, "")
		}
		if c.Of == 0 {
			lastX = 0 // nothing is known between its neighbours
			continue
		}
		y := at(100 * float64(c.Recorded) / float64(c.Of))
		if lastX > 0 {
			pdf.Line(lastX, lastY, x, y)
		}
		lastX, lastY = x, y
	}
	for i := range days { // above the lines
		c, x := &days[i].Coverage, margin+chartLeft+step*(float64(i)+0.5)
		if c.Of == 0 {
			continue
		}
		pdf.SetFillColor(27, 94, 138)
		if c.Total == report.AtLeast {
			pdf.SetFillColor(255, 255, 255)
		}
		pdf.Circle(x, at(100*float64(c.Recorded)/float64(c.Of)), 0.9, "FD")
	}
}
