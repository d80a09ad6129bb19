//go:build !unix

package story

import "errors"

func mkfifo(string) error { return errors.New("only on Unix") }
