package cli

import (
	"fmt"
	"log/slog"
	"os"
	"slices"

	"confab/config"
	"confab/model"
)

// Log is the file of --log; nil writes nothing.
type Log struct {
	file *os.File
	to   *slog.Logger
}

// OpenLog opens the file, made the owner's alone, to write at its end; "" opens none.
func OpenLog(path string) (*Log, error) {
	if path == "" {
		return nil, nil
	}
	f, err := config.AppendPrivate(path)
	if err != nil {
		return nil, err
	}
	return &Log{file: f, to: slog.New(slog.NewTextHandler(f, nil))}, nil
}

// Line writes one line, cleaned. Errors of a service are written without its words.
func (l *Log) Line(format string, args ...any) {
	if l != nil {
		args = slices.Clone(args)
		for i, arg := range args {
			if err, ok := arg.(error); ok {
				args[i] = model.Brief(err)
			}
		}
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
