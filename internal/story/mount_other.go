//go:build !linux

package story

import "errors"

func canMount() bool { return false }

func mount(string, string, bool) error { return errors.New("only on Linux") }

func canPlug() bool { return false }

func plug(string, string, ...string) error { return errors.New("only on Linux") }

func unmount(string) {}
