//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// way is a direction of a link.
type way int

const (
	there    way = 1 << iota // what whoever connects sends
	back                     // what is sent to it
	bothWays = there | back
)

func (w way) String() string {
	return map[way]string{there: "there", back: "back", bothWays: "both ways"}[w]
}

// link is what lies between two who talk over TCP. Cut, it is silent: what is sent that way is
// lost as packets are, nobody is told, and TCP goes on when it is healed.
type link interface {
	cut(w way) error
	heal() error
}

// The links of each node, in the order of their numbers.
const (
	toClients = iota // from clients to the node
	toPostgres
	toRedis
	linksOfNode
)

var linkNames = [linksOfNode]string{"clients", "PostgreSQL", "Redis"}

// plan gives every end of every link an address of its own, in a part of 127.0.0.0/8 that is
// drawn at random, so that two runs do not meet.
type plan struct{ prefix string }

func newPlan() plan {
	return plan{fmt.Sprintf("127.%d.%d.", 64+rand.IntN(128), 1+rand.IntN(254))}
}

// near is the address of a link on the side of the tests, of PostgreSQL and of Redis; far is
// the one on the node's side.
func (p plan) near(node, link int) string {
	return fmt.Sprint(p.prefix, 1+2*(node*linksOfNode+link))
}
func (p plan) far(node, link int) string {
	return fmt.Sprint(p.prefix, 2+2*(node*linksOfNode+link))
}

// network is how the nodes are connected.
type network interface {
	// hosts are the addresses on which a server must listen that nodes reach over these links.
	hosts(link int) []string
	// connect has the links lead to the ports of the nodes, of PostgreSQL and of Redis.
	connect(t *testing.T, p ports)
	// link returns a link of a node.
	link(node, link int) link
	// clients is where clients find a node that listens on its far address.
	clients(node int) string
	// command is a program that runs where the node does.
	command(node int, name string, args ...string) *exec.Cmd
}

// ports are those at the ends of links.
type ports [linksOfNode]int

// newNetwork makes namespaces where they can be had, else proxies, unless the kind is
// "namespaces" or "proxies". It ends with the test.
func newNetwork(t *testing.T, kind string, nodes int, p plan) network {
	t.Helper()
	if kind != "proxies" {
		n, err := newNamespaces(t, nodes, p)
		if err == nil {
			t.Logf("network: a namespace for each node, %s0/24", p.prefix)
			return n
		}
		if kind != "" {
			t.Fatalf("network: %s: %v", kind, err)
		}
		t.Logf("network: namespaces cannot be had: %v", err)
	}
	t.Logf("network: proxies, %s0/24", p.prefix)
	return &proxies{plan: p, nodes: nodes}
}

// namespaces is a network in which each node has a network namespace of its own, and each link
// is a pair of virtual interfaces.
//
//	tests, PostgreSQL, Redis              namespace of a node
//	       near ─ gv…0c ────────────────── c ─ far, the node listens here
//	       near ─ gv…0p ────────────────── p ─ far
//	       near ─ gv…0r ────────────────── r ─ far
//
// All addresses are of the loopback's network, which the kernel is told to let pass here: the
// demo chat answers nobody else, and nothing can come in from outside. The ends know each
// other's hardware address by heart. A way is cut by teaching the sender a wrong one: what it
// sends arrives, and is for nobody.
type namespaces struct {
	plan  plan
	name  string
	count int
	links [][linksOfNode]*veth
}

// letters name interfaces, by link.
const letters = "cpr"

func newNamespaces(t *testing.T, nodes int, p plan) (*namespaces, error) {
	t.Helper()
	if os.Getuid() != 0 {
		return nil, errors.New("only root makes them")
	}
	n := &namespaces{plan: p, name: fmt.Sprintf("gv%06x", rand.IntN(1<<24)), count: nodes}
	t.Cleanup(func() {
		for node := range nodes { // some may not have been made
			_, _ = ip("", "netns", "del", n.namespace(node))
		}
	})
	for node := range nodes {
		if err := n.add(node); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (n *namespaces) namespace(node int) string { return fmt.Sprint(n.name, "n", node) }

// add makes the namespace of a node, and its links.
func (n *namespaces) add(node int) error {
	space := n.namespace(node)
	if _, err := ip("", "netns", "add", space); err != nil {
		return err
	}
	if _, err := ip(space, "link", "set", "lo", "up"); err != nil {
		return err
	}
	var links [linksOfNode]*veth
	for l := range linksOfNode {
		v := &veth{
			near: end{"", fmt.Sprint(n.name, node, letters[l:l+1]), n.plan.near(node, l), randomMAC()},
			far:  end{space, letters[l : l+1], n.plan.far(node, l), randomMAC()},
		}
		if err := v.add(); err != nil {
			return err
		}
		links[l] = v
	}
	n.links = append(n.links, links)
	return nil
}

// connect implements network: the links lead to every port.
func (n *namespaces) connect(*testing.T, ports) {}

func (n *namespaces) link(node, link int) link { return n.links[node][link] }

func (n *namespaces) clients(node int) string { return n.plan.far(node, toClients) }

func (n *namespaces) hosts(link int) []string {
	hosts := []string{"127.0.0.1"}
	for node := range n.count {
		hosts = append(hosts, n.plan.near(node, link))
	}
	return hosts
}

func (n *namespaces) command(node int, name string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", n.namespace(node), name}, args...)...)
}

// veth is a pair of virtual interfaces.
type veth struct{ near, far end }

// end is one of its interfaces.
type end struct{ space, device, address, mac string }

// add makes the pair and has its ends know each other.
func (v *veth) add() error {
	_, err := ip("", "link", "add", v.near.device, "address", v.near.mac, "type", "veth",
		"peer", "name", v.far.device, "address", v.far.mac, "netns", v.far.space)
	if err != nil {
		return err
	}
	for _, e := range []struct{ own, other end }{{v.near, v.far}, {v.far, v.near}} {
		if err := e.own.join(e.other); err != nil {
			return err
		}
	}
	return v.heal()
}

// join gives an end its address and the way to the other one. The route goes into the table
// that is looked into first, where it is found before the loopback's.
func (e end) join(other end) error {
	for _, args := range [][]string{
		{"link", "set", e.device, "up"},
		{"address", "add", e.address + "/32", "dev", e.device},
		{"route", "add", other.address + "/32", "dev", e.device, "src", e.address, "table", "local"},
	} {
		if _, err := ip(e.space, args...); err != nil {
			return err
		}
	}
	const allow = `echo 1 >"/proc/sys/net/ipv4/conf/$0/route_localnet"`
	args := []string{"/bin/sh", "-c", allow, e.device}
	if e.space != "" {
		args = append([]string{"ip", "netns", "exec", e.space}, args...)
	}
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("route_localnet: %w: %s", err, out)
	}
	return nil
}

// teach says under which hardware address an end reaches the other one.
func (e end) teach(other end, mac string) error {
	_, err := ip(e.space, "neighbour", "replace", other.address, "lladdr", mac, "dev", e.device, "nud", "permanent")
	return err
}

// nobody is a hardware address that no interface has.
const nobody = "02:00:00:00:00:00"

func (v *veth) cut(w way) error {
	// To clients' links the near end connects, to the others the far one.
	from, to := v.far, v.near
	if v.far.device == letters[toClients:toClients+1] {
		from, to = to, from
	}
	var err error
	if w&there != 0 {
		err = from.teach(to, nobody)
	}
	if w&back != 0 {
		err = errors.Join(err, to.teach(from, nobody))
	}
	return err
}

func (v *veth) heal() error {
	return errors.Join(v.near.teach(v.far, v.far.mac), v.far.teach(v.near, v.near.mac))
}

// randomMAC is one that is administered locally.
func randomMAC() string {
	return fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", 1+rand.IntN(255), rand.IntN(256), rand.IntN(256), rand.IntN(256), rand.IntN(256))
}

// ip runs the program ip in a namespace, "" for ours.
func ip(space string, args ...string) (string, error) {
	if space != "" {
		args = append([]string{"-netns", space}, args...)
	}
	out, err := exec.CommandContext(context.Background(), "ip", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}
