package bag

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// current returns a small bag of version 1.0.
func current() shape {
	s := bagged("1.0", two, "sha256", "md5").with("bag-info.txt", "Bagging-Date: 2026-11-20\nPayload-Oxum: 15.2\n")
	return s
}

func TestEachRuleOfTheStandardIsHeld(t *testing.T) {
	ok := current()
	line := func(path string) string { return sum("md5", two[path]) + "  " + path + "\n" }
	appended := func(name, text string) shape { return ok.with(name, ok[name]+text) }
	declared := func(text string) shape { return ok.with("bagit.txt", text) }
	info := func(text string) shape { return ok.with("bag-info.txt", text) }
	fetch := func(text string) shape { return ok.with("fetch.txt", text) }
	hole := ok.with("data/bare", "", "bag-info.txt", "Payload-Oxum: 15.2\n")

	for _, c := range []struct {
		name string
		bag  shape
		want State
		told string
	}{
		{"as it is", ok, Valid, ""},
		{"sealed", ok.sealed("sha256", "md5"), Valid, ""},
		{"lines end in CR", ok.with("manifest-md5.txt", strings.ReplaceAll(ok["manifest-md5.txt"], "\n", "\r")), Valid, ""},
		{"no end of the last line", ok.with("manifest-md5.txt", strings.TrimSuffix(ok["manifest-md5.txt"], "\n")), Valid, ""},
		{"tabs separate", ok.with("manifest-md5.txt", strings.ReplaceAll(ok["manifest-md5.txt"], "  ", "\t \t")), Valid, ""},
		{"upper-case digits", ok.with("manifest-md5.txt", strings.ToUpper(line("data/bare")[:32])+line("data/bare")[32:]+line("data/text.txt")), Valid, ""},
		{"a manifest in another spelling", ok.with("manifest-md5.txt", "", "Manifest-MD-5.txt", ok["manifest-md5.txt"]), Valid, "its name should be manifest-md5.txt"},
		{"two spellings of one manifest", ok.with("manifest-MD5.txt", ok["manifest-md5.txt"]), Invalid, "for the same checksums"},
		{"an unknown algorithm", ok.with("manifest-crc32.txt", "00000000  data/bare\n"), Unchecked, `checksums by "crc32" are not known`},
		{"nothing but an unknown algorithm", bagged("1.0", two).with("manifest-crc32.txt", "00000000  data/bare\n"), Unchecked, ""},
		{"no payload manifest", bagged("1.0", two), Invalid, "no payload manifest"},
		{"no payload", bagged("1.0", shape{}, "md5"), Invalid, "no folder data/"},
		{"every algorithm", bagged("1.0", two, slices.Sorted(maps.Keys(algorithms))...), Valid, ""},

		{"a third line", declared("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n\n"), Invalid, "more than two lines"},
		{"lines in another order", declared("Tag-File-Character-Encoding: UTF-8\nBagIt-Version: 1.0\n"), Invalid, "bagit.txt:1: the line is not BagIt-Version: VALUE"},
		{"two spaces", declared("BagIt-Version:  1.0\nTag-File-Character-Encoding: UTF-8\n"), Invalid, "not exactly"},
		{"a space at the end", declared("BagIt-Version: 1.0 \nTag-File-Character-Encoding: UTF-8\n"), Invalid, "not exactly"},
		{"an empty declaration", declared("\n"), Invalid, "fewer than two lines"},
		{"a declaration that is not UTF-8", declared("BagIt-Version: 1.0\nTag-File-Character-Encoding: \xff\n"), Invalid, "not in UTF-8"},
		{"a version of the future", declared("BagIt-Version: 1.1\nTag-File-Character-Encoding: UTF-8\n"), Invalid, "never published"},
		{"an unknown encoding", declared("BagIt-Version: 1.0\nTag-File-Character-Encoding: Shift_JIS\n"), Unchecked, `the encoding "Shift_JIS" is not known`},
		{"a byte-order mark in UTF-8", ok.with("manifest-md5.txt", bom+ok["manifest-md5.txt"]), Invalid, "manifest-md5.txt:1: it begins with a byte-order mark"},
		{"one before 1.0", bagged("0.97", two, "md5").with("bag-info.txt", bom+"A: b\n"), Valid, "bag-info.txt:1: it begins with a byte-order mark"},
		{"a manifest that is not UTF-8", appended("manifest-md5.txt", "\xff\n"), Invalid, "manifest-md5.txt:3: the line is not in the encoding"},

		{"a line without path", appended("manifest-md5.txt", "abc\n"), Invalid, "manifest-md5.txt:3: the line is not CHECKSUM PATH"},
		{"a short checksum", appended("manifest-md5.txt", "abcd data/bare\n"), Invalid, "want 32 hexadecimal digits"},
		{"an empty line", appended("manifest-md5.txt", "\n"), Valid, "manifest-md5.txt:3: the line is empty"},
		{"a tag file in a payload manifest", appended("manifest-md5.txt", sum("md5", ok["bagit.txt"])+"  bagit.txt\n"), Invalid, `"bagit.txt" is not below data/`},
		{"a folder in a manifest", appended("manifest-md5.txt", sum("md5", "")+"  data/\n"), Invalid, "that of a folder"},
		{"a file in one manifest of two", ok.with("manifest-md5.txt", line("data/bare")), Invalid, "data/text.txt: manifest-md5.txt does not list it"},
		{"one before 1.0", bagged("0.97", two, "sha256").with("manifest-md5.txt", line("data/bare")), Valid, ""},
		{"a line break in a name", bagged("1.0", shape{"data/a": "1"}, "md5").with("data/a", "", "data/b\nc%", "1", "manifest-md5.txt", sum("md5", "1")+"  data/b%0ac%25\n"), Valid, ""},
		{"an encoded percent sign before 1.0", bagged("0.97", shape{"data/a%": "1", "data/a%25": "2"}, "md5"), Valid, ""},
		{"a bare percent sign", bagged("1.0", shape{"data/a%7E": "1"}, "md5"), Valid, "it should be %25"},
		{"a name that md5sum escaped", bagged("1.0", shape{"data/a": "1"}, "md5").with("data/a", "", `data/b\c`, "1", "manifest-md5.txt", `\`+sum("md5", "1")+`  data/b\\c`+"\n"), Valid, "as md5sum does"},
		{"a name that Windows reserves", bagged("1.0", shape{"data/aux.txt": "1"}, "md5"), Valid, "Windows reserves the name aux.txt"},
		{"a name that Windows cannot have", bagged("1.0", shape{"data/a:b": "1"}, "md5"), Valid, "Windows allows none of"},
		{"a missing file", ok.with("data/bare", ""), Invalid, "data/bare: it is missing; manifest-md5.txt lists it in line 1"},

		{"a payload file in a tag manifest", ok.with("tagmanifest-md5.txt", line("data/bare")), Invalid, "a tag manifest lists the payload file"},
		{"a tag manifest in itself", ok.with("tagmanifest-md5.txt", sum("md5", "")+"  tagmanifest-md5.txt\n"), Invalid, "a tag manifest lists the tag manifest"},
		{"a tag manifest without a payload manifest", ok.with("tagmanifest-md5.txt", sum("md5", ok["bagit.txt"])+"  bagit.txt\n"), Invalid, "manifest-sha256.txt: tagmanifest-md5.txt does not list it"},
		{"a tag file in no tag manifest", ok.sealed("md5").with("notes/a.txt", "a"), Valid, "notes/a.txt: tagmanifest-md5.txt does not list it"},
		{"a tag file that is missing", ok.with("notes/a.txt", "a").sealed("md5").with("notes/a.txt", ""), Invalid, "notes/a.txt: it is missing"},

		{"a payload that grew", info("Payload-Oxum: 14.2\n"), Invalid, "Payload-Oxum is 14.2, and the payload has 15.2"},
		{"an oxum that is none", info("Payload-Oxum: 15\n"), Invalid, "is not BYTES.FILES"},
		{"an oxum in small letters", info("payload-oxum: 14.2\n"), Invalid, "Payload-Oxum is 14.2"},
		{"two oxums", info("Payload-Oxum: 15.2\nPAYLOAD-OXUM: 15.2\n"), Invalid, "Payload-Oxum is repeated"},
		{"two dates", info("Bagging-Date: 2026-11-20\nBagging-Date: 2026-11-21\n"), Valid, "Bagging-Date should not be repeated"},
		{"a date that is none", info("Bagging-Date: 20.11.2026\n"), Valid, "is no date"},
		{"a folded value", info("Payload-Oxum:\n\t15.2\n"), Valid, ""},
		{"a space before the colon", info("A : b\n"), Valid, "LABEL: VALUE"},
		{"no colon", info("A b\n"), Invalid, "bag-info.txt:1: the line is not LABEL: VALUE"},
		{"no label", info(": b\n"), Invalid, "bag-info.txt:1: the line is not LABEL: VALUE"},
		{"a continuation of nothing", info("  b\n"), Invalid, "the line continues a value"},

		{"a file to fetch", hole.with("fetch.txt", "https://example.com/x 6 data/bare\n"), Incomplete, ""},
		{"one of unknown size", hole.with("fetch.txt", "https://example.com/x - data/bare\n"), Incomplete, ""},
		{"one of another size", hole.with("fetch.txt", "https://example.com/x 7 data/bare\n"), Invalid, "Payload-Oxum is 15.2, and the payload has 16.2"},
		{"one that was fetched", fetch("https://example.com/x 6 data/bare\n"), Valid, ""},
		{"one that was fetched and is larger", fetch("https://example.com/x 5 data/bare\n"), Valid, "it has 6 bytes, and fetch.txt says 5"},
		{"one that no manifest lists", fetch("https://example.com/x 6 data/more\n"), Invalid, "it is to be fetched, and no payload manifest lists it"},
		{"one that is fetched twice", hole.with("fetch.txt", "https://example.com/x 6 data/bare\nhttps://example.com/x 6 data/bare\n"), Invalid, "fetch.txt:2"},
		{"a tag file to fetch", fetch("https://example.com/x 6 notes.txt\n"), Invalid, `"notes.txt" is not below data/`},
		{"a line that is none", fetch("data/bare\n"), Invalid, "URL LENGTH PATH"},
		{"a missing file beside one to fetch", hole.with("data/text.txt", "", "fetch.txt", "https://example.com/x 6 data/bare\n"), Invalid, "data/text.txt: it is missing"},
		{"a file beside one to fetch was changed", hole.with("data/text.txt", "one lane\n", "fetch.txt", "https://example.com/x 6 data/bare\n"), Invalid, "data/text.txt: its md5 is"},
	} {
		t.Run(c.name, func(t *testing.T) { wantState(t, c.bag, c.want, c.told) })
	}
}

// A flipped bit anywhere in a bag with a tag manifest is named: in a file that is listed,
// or because a list changed. The tag manifest itself is listed nowhere, so a bit that
// changes only the case of its digits or its white space stays unseen.
func TestEveryFlippedBitIsNamed(t *testing.T) {
	whole := current().sealed("sha256")
	for _, path := range slices.Sorted(maps.Keys(whole)) {
		content := []byte(whole[path])
		for i := range content {
			for _, bit := range []int{0, 3, 5} { // another character, another word, another case
				content[i] ^= 1 << bit
				r := validated(t, whole.with(path, string(content)))
				content[i] ^= 1 << bit
				harmless := path == "tagmanifest-sha256.txt" && (bit == 5 || content[i] == ' ' || content[i] == '\n')
				if r.State == Valid && !harmless {
					t.Fatalf("bit %d of byte %d (%q) of %s is flipped, and nobody says so", bit, i, content[i], path)
				}
			}
		}
	}
}

func TestALongManifestIsReadAndALongLineIsNamed(t *testing.T) {
	ok := current()
	many := strings.Repeat("x\n", 5000)
	r := validated(t, ok.with("manifest-md5.txt", many+ok["manifest-md5.txt"]))
	if n := len(r.Problems); n < maxNamed || n > maxNamed+10 {
		t.Errorf("of 5000 wrong lines %d are named, want %d", n, maxNamed)
	}
	r = validated(t, ok.with("manifest-md5.txt", strings.ReplaceAll(ok["manifest-md5.txt"], "  ", " *")+strings.Repeat("\n", 5000)))
	if r.State != Valid || len(r.Warnings) > 3 {
		t.Errorf("%s with %d warnings, want a few", r.State, len(r.Warnings))
	}
	long := sum("md5", "") + "  data/" + strings.Repeat("n", maxLine) + "\n"
	wantState(t, ok.with("manifest-md5.txt", long+ok["manifest-md5.txt"]), Invalid, "manifest-md5.txt:1: the line is longer than 1048576 bytes")
}

// FuzzTagFiles: whatever the tag files are, a bag that is called valid has a manifest with
// the checksums of its whole payload.
func FuzzTagFiles(f *testing.F) {
	ok := current().sealed("sha256")
	f.Add(ok["bagit.txt"], ok["manifest-sha256.txt"], ok["bag-info.txt"], "https://example.com/x 6 data/bare\n", ok["tagmanifest-sha256.txt"])
	f.Add("BagIt-Version: 0.97\r\nTag-File-Character-Encoding: UTF-16\r\n", "\xfe\xff\x00a", " a\n", "x", "\\* \r\n")
	f.Add("BagIt-Version: 0.95\nTag-File-Character-Encoding: latin1", "%0a ./data/%25 \t *~/", "A\n:", "a: - ../", "d41d8cd9 ./data/./")
	f.Fuzz(func(t *testing.T, declaration, manifest, info, fetch, tags string) {
		s := two.with("bagit.txt", declaration, "manifest-sha256.txt", manifest, "bag-info.txt", info, "package-info.txt", info, "fetch.txt", fetch, "tagmanifest-sha256.txt", tags)
		r := validated(t, s)
		if r.State != Valid {
			return
		}
		if strings.Contains(strings.ToUpper(declaration), "UTF-16") {
			return
		}
		for path, content := range two {
			if !strings.Contains(strings.ToLower(manifest), sum("sha256", content)) {
				t.Errorf("the manifest %q lacks %s, and the bag is valid:\n%s", manifest, path, r.Text())
			}
		}
	})
}
