package share

// Unstretched is a lock: AES-256-GCM under the SHA-256 of a password, as it is.
type Unstretched struct {
	Ciphertext []byte // nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes)
}

// InClear is false.
func (*Unstretched) InClear() bool { return false }

func (*Unstretched) String() string {
	return "SHA-256 of the password, not stretched at all and without a salt: whoever has a copy tries billions of passwords a second"
}

// KDF describes the one hash.
func (*Unstretched) KDF() *KDF { return &KDF{Name: "none", Hash: "SHA-256", Iterations: 1, Length: 32} }

// Needs returns a password.
func (*Unstretched) Needs() []Need { return []Need{Password} }

// Wipe does nothing: nothing lies in the clear.
func (*Unstretched) Wipe() {}
