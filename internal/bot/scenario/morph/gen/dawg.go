package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// dawg is a dictionary of the C++ library dawgdic, in which pymorphy's packages keep their
// words: a double array, one unit of 32 bits a place. Where a key leads on by a byte, the next
// place is this one xor the unit's offset xor the byte, and its unit has that byte as label.
type dawg []uint32

func readDawg(data []byte) (dawg, error) {
	if len(data) < 4 {
		return nil, errors.New("dawg: cut off")
	}
	count, data := binary.LittleEndian.Uint32(data), data[4:]
	if uint64(len(data)) < 4*uint64(count) {
		return nil, errors.New("dawg: cut off")
	}
	units := make(dawg, count)
	for i := range units {
		units[i] = binary.LittleEndian.Uint32(data[4*i:])
	}
	return units, nil
}

func (d dawg) next(at uint32, label byte) (uint32, bool) {
	to := at ^ d.offset(at) ^ uint32(label)
	return to, int(to) < len(d) && d[to]&(1<<31|0xff) == uint32(label)
}

func (d dawg) offset(at uint32) uint32 { return d[at] >> 10 << (d[at] & (1 << 9) >> 6) }

// keys calls found with every key and the number it has, in the order of bytes.
func (d dawg) keys(found func(key []byte, value uint32) error) error {
	var walk func(at uint32, key []byte) error
	walk = func(at uint32, key []byte) error {
		if d[at]>>8&1 == 1 {
			if err := found(key, d[at^d.offset(at)]&^(1<<31)); err != nil {
				return err
			}
		}
		for label := 1; label < 256; label++ {
			if to, ok := d.next(at, byte(label)); ok {
				if err := walk(to, append(key, byte(label))); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return walk(0, nil)
}

// records calls found with every key of a dawg of records, which keeps each as the key, a
// byte 1 and the base64 of its bytes.
func (d dawg) records(found func(key string, record []byte) error) error {
	return d.keys(func(key []byte, _ uint32) error {
		word, encoded, ok := strings.Cut(string(key), "\x01")
		if !ok {
			return fmt.Errorf("dawg: %q has no record", key)
		}
		record, err := base64.StdEncoding.DecodeString(strings.TrimRight(encoded, "\n"))
		if err != nil {
			return fmt.Errorf("dawg: record of %q: %w", word, err)
		}
		return found(word, record)
	})
}
