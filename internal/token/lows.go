package token

import (
	"crypto"
	"crypto/ecdsa"
	"math/big"
	"slices"
)

// An ECDSA signature is two numbers, R and S. With S, the order of the curve minus S
// verifies too, so that anybody can make a second signature, and with it a second file
// of the same content. Only the one with the lower S is written, and counts.

// halves splits a signature of a JWS into R and S. It is false for keys of other
// types.
func halves(public crypto.PublicKey, signature []byte) (r []byte, s, order *big.Int, ok bool) {
	key, ok := public.(*ecdsa.PublicKey)
	if !ok || len(signature)%2 != 0 {
		return nil, nil, nil, false
	}
	half := len(signature) / 2
	return signature[:half], new(big.Int).SetBytes(signature[half:]), key.Params().N, true
}

// isHighS reports whether S is the higher of the two.
func isHighS(public crypto.PublicKey, signature []byte) bool {
	_, s, order, ok := halves(public, signature)
	return ok && s.Cmp(new(big.Int).Rsh(order, 1)) > 0
}

// lowS returns the signature with the lower S.
func lowS(public crypto.PublicKey, signature []byte) []byte {
	if !isHighS(public, signature) {
		return signature
	}
	r, s, order, _ := halves(public, signature)
	low := make([]byte, len(signature)-len(r))
	return slices.Concat(r, s.Sub(order, s).FillBytes(low))
}
