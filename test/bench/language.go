package main

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
)

// postgresScanner counts the statements that a client of PostgreSQL executes, by their names.
// Source: PostgreSQL 15, 55.7, Message Formats.
type postgresScanner struct {
	sum     *traffic
	buffer  []byte // a message that is not complete yet
	started bool
	names   map[string]string // of statements, by what the client calls them
	portals map[string]string // names of statements, by portal
}

func newPostgresScanner(sum *traffic) scanner {
	return &postgresScanner{sum: sum, names: make(map[string]string), portals: make(map[string]string)}
}

func (s *postgresScanner) scan(data []byte) {
	s.buffer = append(s.buffer, data...)
	for {
		head := 1 // the kind; the first message has none
		if !s.started {
			head = 0
		}
		if len(s.buffer) < head+4 {
			return
		}
		size := head + int(binary.BigEndian.Uint32(s.buffer[head:]))
		if len(s.buffer) < size {
			return
		}
		if s.started {
			s.message(s.buffer[0], s.buffer[head+4:size])
		}
		s.started = true
		s.buffer = append(s.buffer[:0], s.buffer[size:]...)
	}
}

func (s *postgresScanner) message(kind byte, body []byte) {
	first, rest, _ := bytes.Cut(body, []byte{0})
	second, _, _ := bytes.Cut(rest, []byte{0})
	switch kind {
	case 'P': // Parse: statement, text
		s.names[string(first)] = statementName(string(second))
	case 'B': // Bind: portal, statement
		s.portals[string(first)] = s.names[string(second)]
	case 'E': // Execute: portal
		s.sum.commands[s.portals[string(first)]]++
	case 'Q': // Query: text
		s.sum.commands[statementName(string(first))]++
	}
}

// statementName is the name in a comment before the statement, or how it begins.
func statementName(text string) string {
	words := strings.Fields(text)
	if len(words) > 2 && words[0] == "--" && words[1] == "name:" {
		return words[2]
	}
	return strings.ToUpper(strings.Join(words[:min(len(words), 2)], " "))
}

// redisScanner counts the commands of a client of Redis. Source: Redis serialization protocol: a
// command is an array of bulk strings.
type redisScanner struct {
	sum    *traffic
	buffer []byte // a command that is not complete yet
}

func newRedisScanner(sum *traffic) scanner { return &redisScanner{sum: sum} }

func (s *redisScanner) scan(data []byte) {
	s.buffer = append(s.buffer, data...)
	for {
		name, rest, ok := redisCommand(s.buffer)
		if !ok {
			return
		}
		s.sum.commands[strings.ToUpper(name)]++
		s.buffer = append(s.buffer[:0], rest...)
	}
}

// redisCommand takes the first command apart; it is not ok when that is not complete.
func redisCommand(data []byte) (name string, rest []byte, ok bool) {
	count, rest, ok := redisNumber(data)
	for i := 0; ok && i < count; i++ {
		var size int
		size, rest, ok = redisNumber(rest)
		if !ok || len(rest) < size+2 {
			return "", nil, false
		}
		if i == 0 {
			name = string(rest[:size])
		}
		rest = rest[size+2:]
	}
	return name, rest, ok
}

// redisNumber reads a line like "*3" or "$5".
func redisNumber(data []byte) (n int, rest []byte, ok bool) {
	line, rest, ok := bytes.Cut(data, []byte("\r\n"))
	if !ok || len(line) < 2 {
		return 0, nil, false
	}
	n, err := strconv.Atoi(string(line[1:]))
	return n, rest, err == nil && n >= 0
}
