package state

import "github.com/ethereum/go-ethereum/crypto"

// CodeHashes gives the hash of every code of a pre-state, for any number of worlds
// made of it.
func (p Prestate) CodeHashes() map[Address]Hash {
	hashes := make(map[Address]Hash)
	for a, acct := range p {
		if len(acct.Code) > 0 {
			hashes[a] = Hash(crypto.Keccak256Hash(acct.Code))
		}
	}
	return hashes
}

// KnowCodeHashes tells a world that nothing has run on yet what Prestate.CodeHashes
// found, so that it need not hash the same code again.
func (w *World) KnowCodeHashes(hashes map[Address]Hash) {
	for a, hash := range hashes {
		w.accounts[a].codeHash = hash
	}
}
