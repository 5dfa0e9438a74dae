package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	if err := draw(context.Background(), "screenshots", os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

// draw makes the pictures of the scenes that are named, or of all; the pages of a scene at the same time.
func draw(ctx context.Context, dir string, names []string) error {
	for _, sc := range scenes {
		if len(names) > 0 && !slices.Contains(names, sc.Name) {
			continue
		}
		drawn := make(chan error)
		for _, p := range pages {
			go func() {
				svg, err := shoot(ctx, sc, p)
				if err == nil {
					path := filepath.Join(dir, sc.Name+"-"+p.Theme+".svg")
					fmt.Printf("%4d KB  %s\n", len(svg)/1000, path)
					err = os.WriteFile(path, svg, 0o644)
				}
				drawn <- err
			}()
		}
		var err error
		for range pages {
			err = errors.Join(err, <-drawn)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", sc.Name, err)
		}
	}
	return nil
}
