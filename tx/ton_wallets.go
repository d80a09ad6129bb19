package tx

import (
	"encoding/base64"

	"lifeboat/chains"
)

// tonWallet is a version of the wallet contract.
type tonWallet struct {
	name string
	// code is a BOC in base 64, from the npm package @ton/ton 16.3.0. Its hash is a part
	// of every address that the table of chains derives, so that no other code would do.
	code string
	// most is how many messages it sends at once.
	most int
	// tail is whether the signature follows what is signed, and the state says whether
	// signatures count; else the signature comes first.
	tail bool
	// dict is whether the state ends with a list of extensions or plug-ins.
	dict bool
}

// The wallet IDs: of the usual sub-wallet, or, from v5 on, of the network as well.
const (
	tonSubWallet = 698983191
	tonMainnet   = 2147483409 // -239 XOR 2^31
	tonTestnet   = 2147483645 // -3 XOR 2^31
)

// walletID returns the wallet ID that the version has on a chain.
func (w *tonWallet) walletID(chain *chains.Chain) uint64 {
	switch {
	case !w.tail:
		return tonSubWallet
	case chain.ID == "TON_TEST":
		return tonTestnet
	}
	return tonMainnet
}

// state returns the first state (StateInit) of the wallet of a key. Its hash is the
// account.
func (w *tonWallet) state(chain *chains.Chain, k *chains.PublicKey) (*cell, error) {
	b, err := base64.StdEncoding.DecodeString(w.code)
	if err != nil {
		return nil, err
	}
	code, err := readBOC(b)
	if err != nil {
		return nil, err
	}
	data := new(cellWriter)
	if w.tail {
		data.put(1, 1)
	}
	data.put(0, 32).put(w.walletID(chain), 32).putBytes(k.Key[1:])
	if w.dict {
		data.put(0, 1)
	}
	// Neither a depth nor special; code and data; no library.
	return new(cellWriter).put(0b00110, 5).putRef(code).putRef(data.cell()).cell(), nil
}

// tonWallets are the versions that the table of chains has addresses of.
func tonWallets() []tonWallet {
	return []tonWallet{
		{name: "v5r1", most: 255, tail: true, dict: true, code: "te6cckECFAEAAoEAART/APSkE/S88sgLAQIBIAINAgFIAwQC3NAg10nBIJFbj2Mg1wsfIIIQZXh0br0hghBzaW50vbCSXwPgghBleHRuuo60gCDXIQHQdN" +
			"ch+kAw+kT4KPpEMFi9kVvg7UTQgQFB1yH0BYMH9A5voTGRMOGAQNchcH/bPOAxINdJgQKAuZEw4HDiEA8CASAFDAIBIAYJAgFuBwgAGa3OdqJoQCDrkOuF" +
			"/8AAGa8d9qJoQBDrkOuFj8ACAUgKCwAXsyX7UTQcdch1wsfgABGyYvtRNDXCgCAAGb5fD2omhAgKDrkPoCwBAvIOAR4g1wsfghBzaWduuvLgin8PAeaO8O" +
			"2i7fshgwjXIgKDCNcjIIAg1yHTH9Mf0x/tRNDSANMfINMf0//XCgAK+QFAzPkQmiiUXwrbMeHywIffArNQB7Dy0IRRJbry4IVQNrry4Ib4I7vy0IgikvgA" +
			"3gGkf8jKAMsfAc8Wye1UIJL4D95w2zzYEAP27aLt+wL0BCFukmwhjkwCIdc5MHCUIccAs44tAdcoIHYeQ2wg10nACPLgkyDXSsAC8uCTINcdBscSwgBSML" +
			"Dy0InXTNc5MAGk6GwShAe78uCT10rAAPLgk+1V4tIAAcAAkVvg69csCBQgkXCWAdcsCBwS4lIQseMPINdKERITAJYB+kAB+kT4KPpEMFi68uCR7UTQgQFB" +
			"1xj0BQSdf8jKAEAEgwf0U/Lgi44UA4MH9Fvy4Iwi1woAIW4Bs7Dy0JDiyFADzxYS9ADJ7VQAcjDXLAgkji0h8uCS0gDtRNDSAFETuvLQj1RQMJExnAGBAU" +
			"DXIdcKAPLgjuLIygBYzxbJ7VST8sCN4gAQk1vbMeHXTNC01sNe"},
		{name: "v4r2", most: 4, tail: false, dict: true, code: "te6cckECFAEAAtQAART/APSkE/S88sgLAQIBIAIPAgFIAwYC5tAB0NMDIXGwkl8E4CLXScEgkl8E4ALTHyGCEHBsdWe9IoIQZHN0cr2wkl8F4AP6QDAg+k" +
			"QByMoHy//J0O1E0IEBQNch9AQwXIEBCPQKb6Exs5JfB+AF0z/IJYIQcGx1Z7qSODDjDQOCEGRzdHK6kl8G4w0EBQB4AfoA9AQw+CdvIjBQCqEhvvLgUIIQ" +
			"cGx1Z4MesXCAGFAEywUmzxZY+gIZ9ADLaRfLH1Jgyz8gyYBA+wAGAIpQBIEBCPRZMO1E0IEBQNcgyAHPFvQAye1UAXKwjiOCEGRzdHKDHrFwgBhQBcsFUA" +
			"PPFiP6AhPLassfyz/JgED7AJJfA+ICASAHDgIBIAgNAgFYCQoAPbKd+1E0IEBQNch9AQwAsjKB8v/ydABgQEI9ApvoTGACASALDAAZrc52omhAIGuQ64X/" +
			"wAAZrx32omhAEGuQ64WPwAARuMl+1E0NcLH4AFm9JCtvaiaECAoGuQ+gIYRw1AgIR6STfSmRDOaQPp/5g3gSgBt4EBSJhxWfMYQE+PKDCNcYINMf0x/THw" +
			"L4I7vyZO1E0NMf0x/T//QE0VFDuvKhUVG68qIF+QFUEGT5EPKj+AAkpMjLH1JAyx9SMMv/UhD0AMntVPgPAdMHIcAAn2xRkyDXSpbTB9QC+wDoMOAhwAHj" +
			"ACHAAuMAAcADkTDjDQOkyMsfEssfy/8QERITAG7SB/oA1NQi+QAFyMoHFcv/ydB3dIAYyMsFywIizxZQBfoCFMtrEszMyXP7AMhAFIEBCPRR8qcCAHCBAQ" +
			"jXGPoA0z/IVCBHgQEI9FHyp4IQbm90ZXB0gBjIywXLAlAGzxZQBPoCFMtqEssfyz/Jc/sAAgBsgQEI1xj6ANM/MFIkgQEI9Fnyp4IQZHN0cnB0gBjIywXL" +
			"AlAFzxZQA/oCE8tqyx8Syz/Jc/sAAAr0AMntVAj45Sg="},
		{name: "v3r2", most: 4, tail: false, dict: false, code: "te6cckEBAQEAcQAA3v8AIN0gggFMl7ohggEznLqxn3Gw7UTQ0x/THzHXC//jBOCk8mCDCNcYINMf0x/TH/gjE7vyY+1E0NMf0x/T/9FRMrryoVFEuvKiBP" +
			"kBVBBV+RDyo/gAkyDXSpbTB9QC+wDo0QGkyMsfyx/L/8ntVBC9ba0="},
		{name: "v3r1", most: 4, tail: false, dict: false, code: "te6cckEBAQEAYgAAwP8AIN0gggFMl7qXMO1E0NcLH+Ck8mCDCNcYINMf0x/TH/gjE7vyY+1E0NMf0x/T/9FRMrryoVFEuvKiBPkBVBBV+RDyo/gAkyDXSp" +
			"bTB9QC+wDo0QGkyMsfyx/L/8ntVD++buA="},
	}
}
