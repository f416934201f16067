package fuel

import (
	"crypto/sha256"
	"math/bits"
)

// MerkleRoot gives the root of Fuel's binary Merkle tree over leaves: RFC 6962's, with its prefixes
// for leaves and nodes (fuel-specs, cryptographic primitives). No leaves: the hash of nothing.
func MerkleRoot(leaves [][]byte) ID {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return hashOf([]byte{0}, leaves[0])
	}
	split := 1 << (bits.Len(uint(len(leaves)-1)) - 1) // the largest power of 2 below the number
	left, right := MerkleRoot(leaves[:split]), MerkleRoot(leaves[split:])
	return hashOf([]byte{1}, left[:], right[:])
}

func hashOf(parts ...[]byte) (id ID) {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(id[:0])
	return id
}

// codeLeaf is the size in bytes of the pieces that a contract's code root is made of.
const codeLeaf = 16 << 10

// CodeRoot gives the root of contract code: its pieces are leaves, the last one padded to words.
func CodeRoot(code []byte) ID {
	var leaves [][]byte
	for len(code) > 0 {
		n := min(len(code), codeLeaf)
		leaves = append(leaves, Pad(code[:n:n]))
		code = code[n:]
	}
	return MerkleRoot(leaves)
}
