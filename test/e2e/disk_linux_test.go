//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/test/servers"
)

// inNamespace tells the test that it runs in a namespace of its own, where it may mount.
const inNamespace = "E2E_IN_NAMESPACE"

// capSysAdmin is the right to mount. Source: capabilities(7), linux/capability.h.
const capSysAdmin = 21

// smallDisk mounts a disk of so many megabytes, which belongs to the user that PostgreSQL runs as.
// It returns "" when this user may not mount: then the test was run again where it may.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "govorun-disk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(dir) })
	err = syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0755", megabytes))
	switch {
	case errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES):
		if os.Getenv(inNamespace) != "" {
			t.Fatal("this test needs a small disk to fill, and may not mount one even in its own namespace")
		}
		again(t)
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
	cmd.SysProcAttr = &syscall.SysProcAttr{ // not as root, as which PostgreSQL refuses to run
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
		AmbientCaps: []uintptr{capSysAdmin},
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
	disk := smallDisk(t, map[engine]int{onSQLite: 12, onPostgres: 24}[run.engine]) // an empty database of PostgreSQL has 8
	if disk == "" {
		return
	}
	s := newServerOn(t, dataOn(t, disk))
	a := newAPI(t, s.url())
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
		awaitSettled(t, s.data, settleWithin)
		checkAll(t, s, ear, filler, talker)
	}
	s.kill()
	s.start(t)
	checkAll(t, s, ear, filler, talker)
}

// dataOn is new data on a disk: that of PostgreSQL in a tablespace there, so that its own log has
// room.
func dataOn(t *testing.T, disk string) data {
	t.Helper()
	d := data{dir: filepath.Join(disk, "data")}
	if run.engine == onSQLite {
		return d
	}
	d.dir = t.TempDir()
	pg := newPostgres(t)
	if os.Getuid() == 0 { // PostgreSQL runs as another user
		own(t, disk, "postgres")
	}
	db, err := sql.Open("pgx", pg.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{"CREATE TABLESPACE small LOCATION '" + disk + "'", "CREATE DATABASE small TABLESPACE small"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	d.url = pg.URL("small")
	return d
}

// TestFullDiskOfPostgres fills the disk on which PostgreSQL keeps everything. It panics when its
// own log has no room, recovers, and panics again: whoever writes is told to come back. With room
// again, and PostgreSQL up, the same process goes on and nothing acknowledged is lost.
func TestFullDiskOfPostgres(t *testing.T) {
	t.Parallel()
	onPostgres.only(t)
	disk := smallDisk(t, 128)
	if disk == "" {
		return
	}
	pg, err := servers.StartPostgres(t.Context(), disk, "min_wal_size=32MB", "max_wal_size=32MB", "wal_recycle=off")
	servers.Check(t, err)
	t.Cleanup(func() { pg.Close() })
	s := newServerOn(t, data{dir: t.TempDir(), url: pg.NewDatabase(t)})
	a := newAPI(t, s.url())
	filler := &person{api: a, session: a.open(t, object{"botId": noBot}).ID}
	talker := &person{api: a, session: a.open(t, object{}).ID, bot: true}
	ear := listening(t, &listener{url: s.url(), sessions: []string{filler.session, talker.session}, echo: true})
	fillToTheBrim(t, filepath.Join(disk, "ballast"))
	refused := fillUp(t, filler, talker, 0)
	filler.unsure, talker.unsure = refused, refused // PostgreSQL may have panicked before it answered a COMMIT
	if status := s.status("/healthz"); status != http.StatusOK || s.ended() {
		t.Errorf("full disk: /healthz %d, ended: %v", status, s.ended())
	}
	if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
		t.Fatal(err)
	}
	if err := pg.Kill(); err != nil { // it may have given up; whoever runs it starts it again
		t.Fatal(err)
	}
	if err := pg.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	within, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := talker.say(within, "room again"); err != nil {
		t.Fatalf("when there is room again: %v", err)
	}
	awaitSettled(t, s.data, settleWithin)
	checkAll(t, s, ear, filler, talker)
}

// fillToTheBrim makes a file that leaves 8 MB of its disk.
func fillToTheBrim(t *testing.T, file string) {
	t.Helper()
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(file), &disk); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, make([]byte, int64(disk.Bavail)*disk.Bsize-8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
}

// own gives a directory to a user.
func own(t *testing.T, dir, name string) {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err == nil {
		err = os.Chown(dir, uid, -1)
	}
	if err != nil {
		t.Fatal(err)
	}
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

// fillUp talks until nothing fits any more: first with large messages, then with small ones. It
// returns what was refused.
func fillUp(t *testing.T, filler, talker *person, round int) (refused []string) {
	t.Helper()
	large := unique(20_000)
	for n := 0; len(refused) < 20; n++ {
		if n > 10_000 {
			t.Fatalf("the disk is not full after %d messages", n)
		}
		p, body := filler, fmt.Sprintf("%d of round %d", n, round)
		switch {
		case n%10 == 0:
			p = talker
		case len(refused) == 0:
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
			refused = append(refused, body)
		default:
			t.Fatalf("full disk: %d %s", res.status, res.body)
		}
	}
	return refused
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
	res := a.post(t, starts, object{"name": "no room", "variables": object{"x": unique(100_000)}}, "")
	if res.status != http.StatusServiceUnavailable {
		t.Errorf("full disk: start %d %s", res.status, res.body)
	}
	res.mustBeError(t, "full disk: start")
}

func checkAll(t *testing.T, s *server, ear *listener, people ...*person) {
	t.Helper()
	b := readSound(t, s.data)
	wrong := &complaints{t: t}
	for _, p := range people {
		acked, unsure, faults := p.account()
		if len(faults) > 0 {
			t.Errorf("faults: %q", faults)
		}
		b.checkPerson(t, wrong, p, acked, unsure, true)
		ear.awaitOffset(t, 20*time.Second, "session:"+p.session, b[p.session].sessionNo)
		ear.awaitOffset(t, 20*time.Second, "widget:"+p.session, b[p.session].widgetNo)
	}
	b.checkListener(t, wrong, ear)
}
