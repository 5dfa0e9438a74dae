package inbox_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// childLife names the database of a process that runs beside the test.
const childLife = "CONFAB_TEST_LIFE"

// TestLifeElsewhere is the other process. For each line of input, a seed and the time, it
// makes a change.
func TestLifeElsewhere(t *testing.T) {
	path := os.Getenv(childLife)
	if path == "" {
		return
	}
	var r *rand.Rand
	l := newLife(t, path, 1, func(n int) int { return r.IntN(n) })
	defer l.close()
	acts := []func(*life, *living){(*life).save, (*life).bury, (*life).triage, (*life).submit, (*life).settle, (*life).keep}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		seed, now, _ := strings.Cut(lines.Text(), " ")
		n, _ := strconv.ParseUint(seed, 10, 64)
		at, _ := strconv.ParseInt(now, 10, 64)
		l.clock.Store(at)
		r = rand.New(rand.NewPCG(n, 1))
		for range 1 + r.IntN(4) {
			l.byWhichever(acts[r.IntN(len(acts))])
		}
		fmt.Println("did " + seed)
	}
}

// TestTwoProcessesShowWhatTheDatabaseHolds is the same with two processes.
func TestTwoProcessesShowWhatTheDatabaseHolds(t *testing.T) {
	rounds := 25
	path := filepath.Join(t.TempDir(), "confab.db")
	r := rand.New(rand.NewPCG(7, 7))
	l := newLife(t, path, 1, func(n int) int { return r.IntN(n) })
	defer l.close()
	cmd := exec.Command(os.Args[0], "-test.run=^TestLifeElsewhere$")
	cmd.Env = append(os.Environ(), childLife+"="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	answers := bufio.NewScanner(out)
	acts := []func(*life, *living){(*life).save, (*life).bury, (*life).triage, (*life).submit, (*life).settle, (*life).move, (*life).keep}
	for began, i := time.Now(), 0; i < rounds || time.Since(began) < lifeLong(); i++ {
		_, err := fmt.Fprintf(in, "%d %d\n", i, l.clock.Load())
		must(t, err)
		if r.IntN(2) == 0 { // at the same time
			l.byWhichever(acts[r.IntN(len(acts)-2)])
		}
		if !answers.Scan() || answers.Text() != fmt.Sprint("did ", i) {
			rest, _ := io.ReadAll(out)
			t.Fatalf("the other process answered %q to step %d, want %q; the rest of its output:\n%s", answers.Text(), i, fmt.Sprint("did ", i), rest)
		}
		l.byWhichever(acts[r.IntN(len(acts))])
		l.check(l.engines[0])
	}
	in.Close()
	must(t, cmd.Wait())
}
