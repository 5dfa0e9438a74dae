package uitest

import (
	"net"
	"os"
	"strconv"
	"sync/atomic"
)

// The ports lie below those that systems assign by themselves, so that nothing else takes one before it is used.
const firstPort, ports = 20_000, 10_000

var lastPort atomic.Int64

// FreeRedirect returns a redirect URL on a port of this machine that nobody listens on. It returns each port only once.
func FreeRedirect(t interface{ Fatal(...any) }) string {
	for range ports {
		port := strconv.FormatInt(firstPort+(int64(os.Getpid())*37+lastPort.Add(1))%ports, 10)
		if free("127.0.0.1", port) && (free("::1", port) || !free("::1", "0")) {
			return "http://localhost:" + port + "/callback"
		}
	}
	t.Fatal("no port is free")
	return ""
}

func free(host, port string) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	return err == nil && l.Close() == nil
}
