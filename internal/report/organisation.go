package report

import "slices"

// Organisations returns the ids of the organisations that the configuration names, in
// byte order.
func (s *Summary) Organisations() []string {
	list := []string{s.Config.Org}
	for _, source := range s.Config.Sources {
		list = append(list, source.Org)
	}
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(org string) bool { return org == "" })
}
