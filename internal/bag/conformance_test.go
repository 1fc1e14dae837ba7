package bag

import (
	"strings"
	"testing"
	"unicode/utf16"
)

var (
	two    = shape{"data/bare": "no end", "data/text.txt": "one line\n"}
	spread = shape{"data/1.txt": "1\n", "data/2.txt": "2\n", "data/a/3.txt": "3\n", "data/b/4.txt": "4\n", "data/b/c/5.txt": "5\n"}
	one    = shape{"data/hello.txt": "hello\n"}
)

const info = "Bagging-Date: 2016-02-26\nContact-Name: A. Person\nPayload-Oxum: 15.2\n"

// The cases of the conformance suite of the Library of Congress, by its names. Its bags
// are not here: each is made anew so that it has the same thing right or wrong.
func TestTheCasesOfTheConformanceSuiteAreJudgedAsItSays(t *testing.T) {
	folded := "Source-Organization: A University\nExternal-Description: Pictures of the\n         collection.\nBag-Count: 1 of 15\n"
	repeated := "Bagging-Date: 2016-02-26\nBagging-Date: 2016-03-10\nContact-Name: A\ncontact-name: B\nX-Test: 1\nX-TEST: 2\nx-test: 3"
	noEnd := func(s shape) shape { return s.with("bagit.txt", strings.TrimSuffix(s["bagit.txt"], "\n")) }
	basic := bagged("0.97", two, "md5").with("bag-info.txt", info)
	old := func(version, name, text string) shape {
		return noEnd(bagged(version, spread, "md5").with(name, text)).crlf().sealed("md5")
	}

	for _, c := range []struct {
		name string
		bag  shape
		want State
		told string
	}{
		{"v0.93 basic-bag", old("0.93", "package-info.txt", folded), Valid, ""},
		{"v0.93 duplicate-metadata-entries", old("0.93", "package-info.txt", repeated), Valid, ""},
		{"v0.94 basic-bag", old("0.94", "package-info.txt", folded), Valid, ""},
		{"v0.94 duplicate-metadata-entries", old("0.94", "package-info.txt", repeated), Valid, ""},
		{"v0.95 basic-bag", old("0.95", "package-info.txt", folded), Valid, ""},
		{"v0.95 duplicate-metadata-entries", old("0.95", "package-info.txt", repeated), Valid, ""},
		{"v0.96 basic-bag", old("0.96", "bag-info.txt", folded), Valid, ""},
		{"v0.96 duplicate-metadata-entries", old("0.96", "bag-info.txt", repeated), Valid, ""},
		{"bag-in-a-bag", bagged("0.96", within(basic.sealed("md5"), "data/bag/"), "md5").sealed("md5"), Valid, ""},
		{"minimal-bag", bagged("0.97", within(basic.sealed("md5"), "data/"), "md5").sealed("md5"), Valid, ""},
		{"bag-with-encoded-names", bagged("0.97", shape{"data/%7Edir/%7E1.txt": "1", "data/%2.txt": "2", "data/dir/~3.txt": "3"}, "md5").sealed("md5"), Valid, ""},
		{"bag-with-space", bagged("0.96", shape{"data/test 1.txt": "1", "data/test file with spaces.txt": "2"}, "md5").sealed("md5"), Valid, ""},
		{"bag-with-leading-dot-slash-in-manifest", pathChanged(basic, "data/bare", "./data/bare").sealed("md5"), Valid, "begins with ./"},
		{"holey-bag", basic.with("fetch.txt", "http://localhost/a%20b - data/bare\r\nhttp://localhost/c 9 data/text.txt\r\n").sealed("md5"), Valid, ""},
		{"basic-bag", basic.sealed("md5"), Valid, ""},
		{"duplicate-metadata-entries", basic.with("bag-info.txt", repeated).sealed("md5"), Valid, ""},
		{"uncommon-metadata-separators", bagged("0.97", two, "sha224").with("bag-info.txt", info+"T: 1\nT:   2\nT : 3\nT : 4\nT    :   5\n").sealed("sha224"), Valid, ""},
		{"ISO-8859-1-encoded-tag-files", latin1(bagged("0.97", shape{"data/é.txt": "e"}, "md5").with("bag-info.txt", "Contact-Name: Núñez\n")).sealed("md5"), Valid, ""},
		{"UTF-16-encoded-tag-files", wide(basic.with("bagit.txt", "BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-16\n"), "md5"), Valid, ""},
		{"v1.0 basicBag", bagged("1.0", one, "sha512").sealed("sha512"), Valid, ""},

		{"baginfo-missing-encoding", basic.with("bagit.txt", "BagIt-Version: 0.97\n").sealed("md5"), Invalid, "fewer than two lines"},
		{"bom-in-bagit.txt", basic.with("bagit.txt", bom+basic["bagit.txt"]).sealed("md5"), Invalid, "bagit.txt:1: it begins with a byte-order mark"},
		{"corrupt-data-file", basic.sealed("md5").with("data/bare", "other"), Invalid, "data/bare: its md5 is"},
		{"corrupt-tag-file", basic.sealed("md5").with("bag-info.txt", info+"X: y\n"), Invalid, "bag-info.txt: its md5 is"},
		{"extra-file-in-bag", basic.with("data/bar", "x").sealed("md5"), Invalid, "data/bar: it is in the payload, and no payload manifest lists it"},
		{"invalid-version-number", basic.with("bagit.txt", strings.Replace(basic["bagit.txt"], "0.97", ".97", 1)).sealed("md5"), Invalid, `the version ".97" was never published`},
		{"missing-baginfo", basic.sealed("md5").with("bag-info.txt", ""), Invalid, "bag-info.txt: it is missing"},
		{"missing-bagit.txt", basic.sealed("md5").with("bagit.txt", ""), Invalid, "bagit.txt: it is missing"},
		{"out-of-scope-file-paths-using-dot-notation", listing(basic, "../../../README.md", `\.\./\.\./README.md`), Invalid, "leads out of the bag"},
		{"same-filename-listed-twice-with-different-hashes", bagged("0.97", one, "md5").with("manifest-md5.txt", sum("md5", "hello\n")+"  data/hello.txt\n"+sum("md5", "x")+"  data/hello.txt\n").sealed("md5"), Invalid, "with another checksum"},
		{"v1.0 bagit-with-invalid-whitespace", bagged("1.0", one, "md5").with("bagit.txt", "BagIt-Version : 1.0\nTag-File-Character-Encoding : UTF-8\n").sealed("md5"), Invalid, "not exactly BagIt-Version: VALUE"},
		{"v1.0 notAllManifestsListAllFiles", bagged("1.0", one, "md5").with("data/more", "x").sealed("md5"), Invalid, "data/more"},
		{"v1.0 same-filename-listed-twice-with-different-hashes", listedTwice("1.0", "x"), Invalid, "with another checksum"},
		{"v1.0 same-filename-listed-twice-with-the-same-hash", listedTwice("1.0", "hello\n"), Invalid, "is listed in line 1 already"},

		{"linux absolute path", listing(basic, "/tmp/foo"), Invalid, "absolute"},
		{"linux shortcut", listing(basic, "~/foo"), Invalid, "home directory"},
		{"linux shortcut username", listing(basic, "~root/foo"), Invalid, "home directory"},
		{"windows absolute path", listing(basic, `C:\Windows\System32\setx.exe`), Invalid, "absolute on Windows"},
		{"windows shortcut", listing(basic, `%HomeDrive%\Windows\System32\setx.exe`), Invalid, "is not below data/"},
		{"windows unc", listing(basic, `\\?\UNC\server\Windows\System32\setx.exe`), Invalid, "absolute on Windows"},
		{"fetch dot notation", fetching(basic, "../../../README.md"), Invalid, "fetch.txt:1"},
		{"fetch linux absolute path", fetching(basic, "/tmp/test.txt"), Invalid, "fetch.txt:1"},
		{"fetch linux shortcut", fetching(basic, "~/test.txt"), Invalid, "fetch.txt:1"},
		{"fetch linux shortcut username", fetching(basic, "~root/foo"), Invalid, "fetch.txt:1"},
		{"fetch windows absolute path", fetching(basic, `C:\Windows\System32\setx.exe`), Invalid, "fetch.txt:1"},
		{"fetch windows shortcut", fetching(basic, `%HomeDrive%\Windows\System32\setx.exe`), Invalid, "fetch.txt:1"},
		{"fetch windows unc", fetching(basic, `\\?\UNC\server\Windows\System32\setx.exe`), Invalid, "fetch.txt:1"},

		// These have to be told. On a file system that knows one of two names the second
		// file is missing.
		{"duplicate-file-with-different-case", bagged("0.97", shape{"data/hello.txt": "1", "data/HELLO.txt": "1"}, "md5").sealed("md5"), Valid, "only in case"},
		{"the same on a file system without case", bagged("0.97", shape{"data/hello.txt": "1", "data/HELLO.txt": "1"}, "md5").sealed("md5").with("data/HELLO.txt", ""), Invalid, "data/HELLO.txt: it is missing"},
		{"made-with-md5sum-tools", starred(basic).sealed("md5"), Valid, "as md5sum does"},
		{"relative-path", pathChanged(bagged("0.97", one, "sha512"), "data/", "./data/").sealed("sha512"), Valid, "begins with ./"},
		{"same-filename-listed-twice-with-different-normalization", bagged("0.96", shape{"data/Núñez": "", "data/Nu\u0301n\u0303ez": ""}, "sha512").sealed("sha512"), Valid, "only in the form of Unicode"},
		{"the same on a file system with one form", bagged("0.96", shape{"data/Núñez": "1", "data/Nu\u0301n\u0303ez": "1"}, "sha512").sealed("sha512").with("data/Núñez", ""), Valid, "another form of Unicode"},
		{"same-filename-listed-twice-with-the-same-hash", listedTwice("0.97", "hello\n"), Valid, "is listed in line 1 already"},
		{"special-system-files", bagged("0.97", shape{"data/Thumbs.db": "1", "data/.DS_Store": "2"}, "md5").sealed("md5"), Valid, "operating systems write"},
	} {
		t.Run(c.name, func(t *testing.T) { wantState(t, c.bag, c.want, c.told) })
	}
}

// within returns a shape below a folder.
func within(s shape, folder string) shape {
	c := shape{}
	for path, content := range s {
		c[folder+path] = content
	}
	return c
}

// listing returns a bag whose payload manifest lists more paths.
func listing(s shape, paths ...string) shape {
	text := s["manifest-md5.txt"]
	for _, path := range paths {
		text += sum("md5", path) + "  " + path + "\n"
	}
	return s.with("manifest-md5.txt", text).sealed("md5")
}

func fetching(s shape, path string) shape {
	return s.with("fetch.txt", "https://example.com/file - "+path+"\r\n").sealed("md5")
}

func listedTwice(version, content string) shape {
	s := bagged(version, one, "md5")
	return s.with("manifest-md5.txt", s["manifest-md5.txt"]+sum("md5", content)+"  data/hello.txt\n").sealed("md5")
}

func starred(s shape) shape {
	return s.with("manifest-md5.txt", strings.ReplaceAll(s["manifest-md5.txt"], "  ", " *"))
}

func pathChanged(s shape, from, to string) shape {
	c := s.with()
	for path := range c {
		if strings.HasPrefix(path, "manifest-") {
			c[path] = strings.ReplaceAll(c[path], "  "+from, "  "+to)
		}
	}
	return c
}

func latin1(s shape) shape {
	c := s.with("bagit.txt", strings.Replace(s["bagit.txt"], "UTF-8", "ISO-8859-1", 1))
	for path, text := range c {
		if !isPayload(path) {
			var b []byte
			for _, r := range text {
				b = append(b, byte(r))
			}
			c[path] = string(b)
		}
	}
	return c
}

// wide returns a bag whose tag files but the declaration are in UTF-16.
func wide(s shape, algorithm string) shape {
	c := s.with()
	encode := func(path string) {
		b := []byte{0xFE, 0xFF}
		for _, u := range utf16.Encode([]rune(c[path])) {
			b = append(b, byte(u>>8), byte(u))
		}
		c[path] = string(b)
	}
	for path := range s {
		if isTag(path) && path != "bagit.txt" {
			encode(path)
		}
	}
	c = c.sealed(algorithm)
	encode("tagmanifest-" + algorithm + ".txt")
	return c
}
