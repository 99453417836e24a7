//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
)

// inNamespace tells the test that it runs in a namespace of its own, where it may mount.
const inNamespace = "E2E_IN_NAMESPACE"

// smallDisk mounts a disk of a few megabytes. It returns "" when this user may not mount.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=12m")
	switch {
	case errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES):
		return ""
	case err != nil:
		t.Fatalf("this test needs a small disk to fill: mount a tmpfs on %s: %v", dir, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// again runs the test once more in a namespace where this user may mount.
func again(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inNamespace+"=1", "GOVORUN_BIN="+run.bin, fmt.Sprintf("E2E_SEED=%d", run.seed))
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) {
		t.Fatalf("this test needs a small disk to fill, and this user may neither mount one nor make a user namespace (%v): "+
			"run it as root, or allow unprivileged user namespaces", err)
	}
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("in a namespace: %v\n%s", err, out)
	}
}

// TestFullDisk fills the disk: writes are refused clearly, reads go on, nothing acknowledged is
// lost, and with room again the same process goes on, the bot's owed answers included.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	if disk == "" {
		if os.Getenv(inNamespace) != "" {
			t.Fatal("this test needs a small disk to fill, and may not mount one even in its own namespace")
		}
		again(t)
		return
	}
	s := newServerIn(t, filepath.Join(disk, "data"))
	a := newAPI(s.url())
	filler := &person{api: a, session: a.open(t, object{"botId": noBot}).ID}
	talker := &person{api: a, session: a.open(t, object{}).ID, bot: true}
	ear := listening(t, &listener{url: s.url(), sessions: []string{filler.session, talker.session}, echo: true})
	const rounds = 3
	ballast := func(round int) string { return filepath.Join(disk, fmt.Sprintf("ballast-%d", round)) }
	for round := range rounds {
		if err := os.WriteFile(ballast(round), make([]byte, 2<<20), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for round := range rounds {
		fillUp(t, filler, talker, round)
		checkFull(t, s, a, filler)
		if s.ended() {
			t.Fatal("the server has ended")
		}
		if round == rounds-1 {
			crashWhileFull(t, s)
		}
		if err := os.Remove(ballast(round)); err != nil {
			t.Fatal(err)
		}
		if s.ended() {
			s.start(t)
		}
		key := uuid.NewString()
		eventually(t, 20*time.Second, "a message is taken when there is room again", func() bool {
			body := fmt.Sprintf("room again %d", round)
			res, err := a.do(t.Context(), "POST", messagesOf(talker.session), object{"body": body}, key)
			if err == nil && res.status == http.StatusCreated {
				return talker.note(body, res, 0) == nil
			}
			return false
		})
		awaitSettled(t, s.dir, settleWithin)
		checkAll(t, s, ear, filler, talker)
	}
	s.kill()
	s.start(t)
	checkAll(t, s, ear, filler, talker)
}

// crashWhileFull kills the server and starts it on the full disk: it works as far as it can,
// or says why not and ends.
func crashWhileFull(t *testing.T, s *server) {
	t.Helper()
	s.kill()
	s.launch(t)
	eventually(t, startWithin, "ready, or ended", func() bool { return s.ended() || s.status("/readyz") == http.StatusOK })
	if text := s.lastLines(2); s.ended() && !strings.Contains(text, "full") {
		t.Errorf("a start on a full disk failed with %q", text)
	}
}

// fillUp talks until nothing fits any more: first with large messages, then with small ones.
func fillUp(t *testing.T, filler, talker *person, round int) {
	t.Helper()
	large := strings.Repeat("x", 20_000)
	refused := 0
	for n := 0; refused < 20; n++ {
		if n > 10_000 {
			t.Fatalf("the disk is not full after %d messages", n)
		}
		p, body := filler, fmt.Sprintf("%d of round %d", n, round)
		switch {
		case n%10 == 0:
			p = talker
		case refused == 0:
			body += large
		}
		res := p.api.post(t, messagesOf(p.session), object{"body": body}, "")
		switch res.status {
		case http.StatusCreated:
			if err := p.note(body, res, 0); err != nil {
				t.Fatal(err)
			}
		case http.StatusServiceUnavailable:
			res.mustBeError(t, "full disk")
			refused++
		default:
			t.Fatalf("full disk: %d %s", res.status, res.body)
		}
	}
}

// checkFull: who reads does not suffer while the disk is full.
func checkFull(t *testing.T, s *server, a *api, p *person) {
	t.Helper()
	if status := s.status("/healthz"); status != http.StatusOK {
		t.Errorf("full disk: /healthz %d", status)
	}
	if n := len(a.wholeHistory(t, p.session)); n < len(p.acked) {
		t.Errorf("full disk: the history has %d messages, %d were acknowledged", n, len(p.acked))
	}
	res := a.post(t, starts, object{"name": "no room", "variables": object{"x": strings.Repeat("x", 100_000)}}, "")
	if res.status != http.StatusServiceUnavailable {
		t.Errorf("full disk: start %d %s", res.status, res.body)
	}
	res.mustBeError(t, "full disk: start")
}

func checkAll(t *testing.T, s *server, ear *listener, people ...*person) {
	t.Helper()
	b := readSound(t, s.dir)
	wrong := &complaints{t: t}
	for _, p := range people {
		acked, _, faults := p.account()
		if len(faults) > 0 {
			t.Errorf("faults: %q", faults)
		}
		b.checkPerson(t, wrong, p, acked, nil, true)
		ear.awaitOffset(t, 20*time.Second, "session:"+p.session, b[p.session].sessionNo)
		ear.awaitOffset(t, 20*time.Second, "widget:"+p.session, b[p.session].widgetNo)
	}
	b.checkListener(t, wrong, ear)
}
