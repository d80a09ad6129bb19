// Package airgap looks for evidence that the machine is online. Finding none
// means that none was found, and never that the machine is offline: radios, and
// cables plugged in later, are not its business.
package airgap
