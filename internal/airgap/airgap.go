// Package airgap looks for evidence that the machine is online: a default route,
// or an interface that is up with an address that is neither loopback nor
// link-local. Finding none means that none was found, and never that the machine
// is offline: radios, and cables plugged in later, are beyond it.
//
// On Linux it reads files and opens no socket, so that the programs need not
// contain the calls that do.
package airgap
