package cli

import (
	"errors"
	"fmt"
	"strings"
)

// Conditions are the circumstances under which secrets were handled. Reports
// carry them.
type Conditions struct {
	Network        []string `json:"network_evidence"` // empty: none was found, which proves nothing
	NetworkAllowed bool     `json:"network_allowed"`
	Swap           []string `json:"swap"` // active and not locked out
	SwapAllowed    bool     `json:"swap_allowed"`
	Sandbox        string   `json:"sandbox"` // what is in force
}

// Guard refuses to let secrets onto a machine that looks online or that may write
// memory to disk. It warns of what it lets pass. The order of a verb has it called
// (order.go); a verb that has waited for people calls it again.
func (e *Env) Guard(f *Flags) (*Conditions, error) {
	if e.sandbox.confined && !e.sandbox.inForce.Complete() {
		e.Warn("%s", e.sandbox)
	}
	c := &Conditions{NetworkAllowed: f.allowNetwork, SwapAllowed: f.allowSwap, Sandbox: e.sandbox.inForce.String()}
	// A look that failed is no sign of safety.
	var err error
	if c.Network, err = e.probes.network(); err != nil {
		c.Network = append(c.Network, fmt.Sprintf("couldn't tell: %v", err))
	}
	if len(c.Network) > 0 {
		found := "this machine looks online: " + strings.Join(c.Network, "; ")
		if !f.allowNetwork {
			return nil, Fail(Refused, errors.New(found),
				"unplug the cables, switch the radios off and run it again; or add --allow-network if no real key is at stake")
		}
		e.Warn("%s", found)
	}
	if e.process.MemoryLock {
		c.Swap = []string{}
	} else if c.Swap, err = e.probes.swap(); err != nil {
		c.Swap = append(c.Swap, fmt.Sprintf("couldn't tell: %v", err))
	}
	if len(c.Swap) > 0 {
		found := "memory may be written to disk: " + strings.Join(c.Swap, "; ")
		if !f.allowSwap {
			return nil, Fail(Refused, errors.New(found), "run swapoff -a as root and run it again; or add --allow-swap to insist")
		}
		e.Warn("%s", found)
	}
	if c.Network == nil {
		c.Network = []string{}
	}
	if c.Swap == nil {
		c.Swap = []string{}
	}
	return c, nil
}
