package record

func (s *Scanner) literal(word string) error {
	for i := range len(word) {
		if c, ok := s.Peek(); !ok || c != word[i] {
			return s.fail()
		}
		s.pos++
	}
	return nil
}

func (s *Scanner) number() error {
	if c, ok := s.Peek(); ok && c == '-' {
		s.pos++
	}
	if c, ok := s.Peek(); ok && c == '0' {
		s.pos++
	} else if !s.digits() {
		return s.fail()
	}
	if c, ok := s.Peek(); ok && c == '.' {
		s.pos++
		if !s.digits() {
			return s.fail()
		}
	}
	if c, ok := s.Peek(); ok && (c == 'e' || c == 'E') {
		s.pos++
		if c, ok := s.Peek(); ok && (c == '+' || c == '-') {
			s.pos++
		}
		if !s.digits() {
			return s.fail()
		}
	}
	return nil
}

func (s *Scanner) digits() bool {
	any := false
	for {
		c, ok := s.Peek()
		if !ok || c < '0' || c > '9' {
			return any
		}
		s.pos++
		any = true
	}
}

func (s *Scanner) str() error {
	s.pos++
	for {
		for s.pos < len(s.buf) {
			c := s.buf[s.pos]
			switch {
			case c == '"':
				s.pos++
				return nil
			case c == '\\':
				if err := s.escape(); err != nil {
					return err
				}
			case c < 0x20:
				return s.fail()
			default:
				s.pos++
			}
		}
		if !s.fill() {
			return s.fail()
		}
	}
}

func (s *Scanner) escape() error {
	s.pos++
	c, ok := s.Peek()
	if !ok {
		return s.fail()
	}
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos++
		return nil
	case 'u':
		s.pos++
		for range 4 {
			if c, ok := s.Peek(); !ok || !hexDigit(c) {
				return s.fail()
			}
			s.pos++
		}
		return nil
	default:
		return s.fail()
	}
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || upperHex(c)
}
