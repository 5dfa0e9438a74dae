package proof

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "confab-proof")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	// The tests mostly wait for processes and screens, so that more of them than processors can run at once.
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// binary builds the program, once a run, and returns its path. The long form under the race detector builds it with the detector.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "confab")
	args := []string{"build", "-o", path}
	if raceDetector && soak() > 0 {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "confab")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

// soak returns how long the long form takes; 0 means the short form.
func soak() time.Duration {
	d, _ := time.ParseDuration(os.Getenv("CONFAB_SOAK"))
	return d
}

// seed returns CONFAB_SEED. Without it the short form has a fixed seed, and the long form another one each time.
func seed(t *testing.T) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(os.Getenv("CONFAB_SEED"), 10, 64)
	switch {
	case err == nil:
	case soak() > 0:
		n = uint64(time.Now().UnixNano()) % 1e9
	default:
		n = 17
	}
	t.Logf("CONFAB_SEED=%d", n)
	return n
}

func source(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// rounds calls f with 0, 1, 2 and so on: at least so many times, and in the long form until its time is over. It logs their number.
func rounds(t *testing.T, least int, f func(n int)) {
	t.Helper()
	end := time.Now().Add(soak())
	n := 0
	for ; !t.Failed() && (n < least || time.Now().Before(end)); n++ {
		f(n)
	}
	t.Logf("%d rounds", n)
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// sideBySide runs a test n times at once, on any number of processors, since the tests mostly wait for processes.
func sideBySide(t *testing.T, n int, f func(t *testing.T, worker int)) {
	t.Helper()
	var wg sync.WaitGroup
	for w := range n {
		wg.Go(func() { t.Run(fmt.Sprint("worker ", w), func(t *testing.T) { f(t, w) }) })
	}
	wg.Wait()
}
