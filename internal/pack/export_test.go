package pack

// Held returns how many bytes of contents are in memory.
func (s *Set) Held() int { return s.cache.held }
