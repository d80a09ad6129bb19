package chains

// outOfReachChains sign on curves that a vault has no root key on.
func outOfReachChains() []Chain {
	var list []Chain
	for _, c := range []struct {
		id, name, why string
		slip44        uint32
		aliases       []string
	}{
		{"WAVES", "Waves", "curve25519 keys with a signature scheme of their own", 5741564, nil},
		{"XNO", "Nano", "ed25519 with BLAKE2b in place of SHA-512", 165, []string{"NANO"}},
		{"NEO", "Neo", "P-256 keys", 888, nil},
		{"XCH", "Chia", "BLS12-381 keys", 8444, []string{"CHIA"}},
		{"MINA", "Mina", "Pasta keys", 12586, nil},
		{"BTM", "Bytom", "ed25519 keys of a derivation scheme of its own", 153, []string{"BYTOM", "BTM2"}},
		{"VAPOR", "Vapor", "Bytom's ed25519 keys, of a derivation scheme of their own", 153, nil},
		{"XMR", "Monero", "a view key belongs to every address", 128, nil},
		{"AR", "Arweave", "RSA keys", 472, nil},
		{"STRK", "Starknet", "the accounts are contracts with keys of Stark's curve", 9004, nil},
	} {
		list = append(list, Chain{ID: c.id, Name: c.name, Aliases: c.aliases, SLIP44: []uint32{c.slip44}, Note: c.why, Status: OutOfReach})
	}
	return list
}
