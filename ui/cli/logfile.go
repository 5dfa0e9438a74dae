package cli

import (
	"fmt"
	"log/slog"
	"os"

	"confab/model"
)

// Log is the file of --log; nil writes nothing.
type Log struct {
	file *os.File
	to   *slog.Logger
}

// OpenLog opens the file, for its owner alone, to write at its end; "" opens none.
func OpenLog(path string) (*Log, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &Log{file: f, to: slog.New(slog.NewTextHandler(f, nil))}, nil
}

// Line writes one line, cleaned.
func (l *Log) Line(format string, args ...any) {
	if l != nil {
		l.to.Info(model.CleanLine(fmt.Sprintf(format, args...), 0))
	}
}

// Close closes the file.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}
