package manifest_test

// tree is a JSON text as a plain recursive descent sees it, with everything
// up to the byte at which it stops being one. It is the second opinion on
// what recovery keeps, and knows nothing of scanners, slots or streams.
type tree struct {
	kind       byte // its first byte
	start, end int
	done       bool // it is whole, and what follows lets it be
	names      []string
	kids       []*tree
}

type descent struct {
	text []byte
	at   int
}

// bad stops a descent.
type bad struct{}

// descend returns the root, how far the text is valid, and whether it is
// valid to its end.
func descend(text []byte) (root *tree, stop int, sound bool) {
	p := &descent{text: text}
	root = &tree{}
	defer func() {
		if e := recover(); e != nil {
			if _, ok := e.(bad); !ok {
				panic(e)
			}
			stop = p.at
		}
	}()
	p.space()
	p.value(root)
	root.done = true
	p.space()
	if p.at < len(text) {
		panic(bad{})
	}
	return root, p.at, true
}

func (p *descent) peek() byte {
	if p.at == len(p.text) {
		panic(bad{})
	}
	return p.text[p.at]
}

func (p *descent) more() bool { return p.at < len(p.text) }

func (p *descent) space() {
	for p.more() && (p.text[p.at] == ' ' || p.text[p.at] == '\t' || p.text[p.at] == '\n' || p.text[p.at] == '\r') {
		p.at++
	}
}

func (p *descent) take(want string) {
	for i := range want {
		if p.peek() != want[i] {
			panic(bad{})
		}
		p.at++
	}
}

func (p *descent) value(n *tree) {
	n.start, n.kind = p.at, p.peek()
	defer func() { n.end = p.at }()
	switch n.kind {
	case '{', '[':
		p.container(n)
	case '"':
		p.quoted()
	case 't':
		p.take("true")
	case 'f':
		p.take("false")
	case 'n':
		p.take("null")
	default:
		p.number()
	}
	n.done = n.kind != '-' && (n.kind < '0' || n.kind > '9') || p.more() && isDelimiter(p.peek())
}

func isDelimiter(c byte) bool {
	return c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t' || c == '\n' || c == '\r'
}

func (p *descent) container(n *tree) {
	closing := n.kind + 2
	p.at++
	p.space()
	if p.peek() == closing {
		p.at++
		return
	}
	for {
		if n.kind == '{' {
			from := p.at
			p.quoted()
			n.names = append(n.names, string(p.text[from+1:p.at-1]))
			p.space()
			p.take(":")
			p.space()
		}
		kid := &tree{}
		n.kids = append(n.kids, kid)
		p.value(kid)
		p.space()
		if p.peek() == closing {
			p.at++
			return
		}
		p.take(",")
		p.space()
	}
}

func (p *descent) quoted() {
	p.take(`"`)
	for p.peek() != '"' {
		switch c := p.peek(); {
		case c < 0x20:
			panic(bad{})
		case c != '\\':
			p.at++
			continue
		}
		p.at++
		switch c := p.peek(); c {
		case 'u':
			p.at++
			for range 4 {
				if c := p.peek(); !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f') {
					panic(bad{})
				}
				p.at++
			}
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			p.at++
		default:
			panic(bad{})
		}
	}
	p.at++
}

func (p *descent) digits() {
	if c := p.peek(); c < '0' || c > '9' {
		panic(bad{})
	}
	for p.more() && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
}

func (p *descent) number() {
	if p.peek() == '-' {
		p.at++
	}
	if p.peek() == '0' {
		p.at++
	} else {
		p.digits()
	}
	if p.more() && p.text[p.at] == '.' {
		p.at++
		p.digits()
	}
	if p.more() && p.text[p.at]|0x20 == 'e' {
		p.at++
		if c := p.peek(); c == '+' || c == '-' {
			p.at++
		}
		p.digits()
	}
}

// keep returns where an object or list that broke off ends after its last
// complete value, going down into a last object of a list.
func (n *tree) keep() (end int, closers string, found bool) {
	closer := string(n.kind + 2)
	for i := len(n.kids) - 1; i >= 0; i-- {
		kid := n.kids[i]
		if kid.done {
			return kid.end, closer, true
		}
		if n.kind == '[' && kid.kind == '{' {
			if end, _, found := kid.keep(); found {
				return end, "}" + closer, true
			}
		}
	}
	return 0, "", false
}

// whole returns the text of an object, closed after its last complete member.
func (n *tree) whole(text []byte) string {
	if n.done {
		return string(text[n.start:n.end])
	}
	end, closers, _ := n.keep()
	return string(text[n.start:end]) + closers
}

// list returns the list of a batch: the last one spelled of which a complete
// value is left.
func (n *tree) list() (list *tree, batch bool) {
	for i, name := range n.names {
		if i >= len(n.kids) {
			break
		}
		kid := n.kids[i]
		if name != "recordings" {
			batch = batch || name == "format" && kid.done
			continue
		}
		batch = true
		if kid.kind == '[' && !kid.done {
			if _, _, found := kid.keep(); !found {
				continue
			}
		}
		if kid.done || kid.kind == '[' {
			list = kid
		}
	}
	return list, batch
}

// naive is what a broken text comes to: the entries left of it, and the text
// that is recovered, empty when there is no entry.
func naive(text []byte, root *tree) (entries int, recovered string) {
	batch := root.kind == '['
	list := root
	if root.kind == '{' {
		list, batch = root.list()
	}
	end, closers, found := root.keep()
	switch {
	case root.done:
		end, closers = root.end, ""
	case root.kind == '{' && list != nil && !list.done:
		end, closers, _ = list.keep()
		closers += "}"
	}
	switch {
	case !batch:
		if root.kind == '{' && (root.done || found) && saysText(root.whole(text)) {
			entries = 1
		}
	case list != nil && list.kind == '[':
		for _, kid := range list.kids {
			_, _, some := kid.keep()
			if kid.kind == '{' && (kid.done || some) && saysText(kid.whole(text)) {
				entries++
			}
		}
	}
	if entries == 0 {
		return 0, ""
	}
	return entries, string(text[:end]) + closers
}
