package store

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	syncNormal = 1
	syncFull   = 2
)

func synchronous(t *tx) (level int) {
	t.row("PRAGMA synchronous").scan(&level)
	return level
}

// Data that can't be read from a service again is on disk when its transaction ends,
// whatever ran before.
func TestOnlyCacheWritesSkipTheSync(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "confab.db"), Options{Host: "laptop"})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	defer s.Close()
	failed := errors.New("failed")
	stopped, stop := context.WithCancel(t.Context())
	for _, step := range []struct {
		name string
		ctx  context.Context
		run  func(context.Context, string, func(*tx)) error
		end  func() error
		want int
	}{
		{"durable", t.Context(), s.change, func() error { return nil }, syncFull},
		{"reading", t.Context(), s.changeCache, func() error { return nil }, syncNormal},
		{"durable after a reading", t.Context(), s.change, func() error { return nil }, syncFull},
		{"reading that fails", t.Context(), s.changeCache, func() error { return failed }, syncNormal},
		{"durable after one that failed", t.Context(), s.change, func() error { return nil }, syncFull},
		{"reading that is stopped", stopped, s.changeCache, func() error { stop(); return stopped.Err() }, syncNormal},
		{"durable after one that was stopped", t.Context(), s.change, func() error { return nil }, syncFull},
	} {
		var level int
		step.run(step.ctx, "write", func(t *tx) {
			level = synchronous(t)
			t.fail(step.end())
		})
		if level != step.want {
			t.Errorf("step %q: PRAGMA synchronous is %d, want %d", step.name, level, step.want)
		}
	}
}

// A migration that drops a table restores the settings of the connection.
func TestMigrationRestoresConnectionSettings(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "confab.db"), Options{Host: "laptop"})
	if err != nil {
		t.Fatalf("opening the database: error %v, want none", err)
	}
	defer s.Close()
	for _, setting := range []string{"foreign_keys", "secure_delete"} {
		var on int
		if err := s.write.QueryRowContext(t.Context(), "PRAGMA "+setting).Scan(&on); err != nil || on != 1 {
			t.Errorf("after the migrations the setting %s is %d, want 1; error %v, want none", setting, on, err)
		}
	}
}

// Only these functions may use changeCache. Everything else is durable.
func TestCallersOfChangeCacheAreTheKnownOnes(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatalf("listing the files: error %v, want none", err)
	}
	var got []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatalf("parsing the source file: error %v, want none", err)
		}
		for _, d := range f.Decls {
			ast.Inspect(d, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "changeCache" {
					got = append(got, d.(*ast.FuncDecl).Name.Name)
				}
				return true
			})
		}
	}
	slices.Sort(got)
	if d := cmp.Diff([]string{"BeginWalk", "EndWalk", "KeepSession", "KeepView", "Refold", "Refreshed", "saveRead"}, got); d != "" {
		t.Errorf("functions that use changeCache (-want +got):\n%s", d)
	}
}
