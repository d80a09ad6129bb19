// Package log stands in for github.com/ipfs/go-log, which tss-lib uses.
//
// The real one brings net/http, crypto/tls and zap into the program, and obeys
// environment variables: GOLOG_FILE makes a process write its log to disk. This
// one has the functions that tss-lib calls, and they do nothing.
package log

// ZapEventLogger is a logger that discards everything.
type ZapEventLogger struct{}

// Logger returns a logger that discards everything.
func Logger(string) *ZapEventLogger { return &ZapEventLogger{} }

// Debugf discards.
func (*ZapEventLogger) Debugf(string, ...any) {}

// Info discards.
func (*ZapEventLogger) Info(...any) {}

// Infof discards.
func (*ZapEventLogger) Infof(string, ...any) {}

// Warningf discards.
func (*ZapEventLogger) Warningf(string, ...any) {}

// Error discards.
func (*ZapEventLogger) Error(...any) {}

// Errorf discards.
func (*ZapEventLogger) Errorf(string, ...any) {}
