package main

import (
	"bytes"
	"encoding/pem"
	"iter"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// rootsModule is the module of the authorities, which go.mod names in one version.
const rootsModule = "golang.org/x/crypto/x509roots/fallback"

// authorities returns the certificates of the authorities that Mozilla trusts, as the file
// that programs look for. They come from a module and not from the machine: there they
// differ from one version of the system to the next, and operators add their own.
func authorities() ([]byte, error) { return unconstrained(bundle.Roots()) }

// unconstrained leaves out authorities that are trusted only for what they signed before
// some day, as the file cannot say so.
func unconstrained(roots iter.Seq[bundle.Root]) ([]byte, error) {
	var all bytes.Buffer
	for root := range roots {
		if root.Constraint != nil {
			continue
		}
		if err := pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	return all.Bytes(), nil
}
