//go:build !unix

package strict

const openFlags = 0
