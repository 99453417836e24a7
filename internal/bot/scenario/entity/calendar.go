package entity

import (
	"strings"
	"time"
)

// said is a set of what a time expression says.
type said uint16

const (
	saidYear said = 1 << iota
	saidMonth
	saidDay     // of the month
	saidWeekday //
	saidOffset  // in days from today
	saidShift   // a length of time from now
	saidCycle   // this, next, last week, month, year
	saidWeekend
	saidNow
	saidClock
	saidPart // of the day

	dates = saidYear | saidMonth | saidDay | saidWeekday | saidOffset | saidShift | saidCycle | saidWeekend | saidNow
)

// which is the choice of "this", "next" and "last".
type which int8

const (
	unsaid which = iota
	this
	next
	last
)

// spec is what a time expression says, before it is put on the calendar.
type spec struct {
	said
	year, month, day int
	weekday          int // 1 Monday to 7 Sunday
	which            which
	offset           int
	shift            span // negative: ago
	stretch          stretch
	cycle            grain
	cycles           int // 0 this, 1 next, -1 last

	hour, minute, second int
	exact                bool  // the clock has 24 hours; else 5 may be 17
	halved               bool  // by am or pm
	fine                 grain // of the clock
	part                 part
}

// stretch is the part of a month, a week or a year that is meant: from a day of it, for so many
// days or months. The zero stretch is all of it.
type stretch struct{ after, days, months int }

// moment is a time on the calendar.
type moment struct {
	at    time.Time
	grain grain
	until time.Time // zero: it is no interval
}

// part is a part of the day, in hours.
type part struct {
	name     string // of those that tell the halves of the day apart
	from, to int
}

// Parts of the day are those of Duckling.
var (
	morning   = part{"morning", 4, 12}
	afternoon = part{"afternoon", 12, 19}
	evening   = part{"evening", 18, 24}
	night     = part{"night", 0, 4}
)

// resolve puts a time on the calendar: the nearest in the future when there is a choice. It fails
// for days that no month has and years that have not four digits.
func (sp spec) resolve(now time.Time) (moment, bool) {
	if sp.said&saidShift != 0 && sp.said&(saidClock|saidPart|saidWeekday) == 0 {
		return sp.shifted(now)
	}
	m := moment{at: now, grain: second}
	if sp.said&saidNow != 0 {
		m.at = now.Truncate(time.Second)
		return m, true
	}
	if sp.said&dates != 0 {
		var ok bool
		if m, ok = sp.date(now); !ok {
			return m, false
		}
		m = sp.stretch.of(m)
	}
	switch {
	case sp.said&saidClock != 0:
		return sp.onClock(m, now), true
	case sp.said&saidPart != 0:
		return sp.inPart(m, now), true
	}
	return m, true
}

// of takes the part of a longer time.
func (st stretch) of(m moment) moment {
	switch {
	case st.months > 0:
		m.until = addMonths(m.at, st.months)
	case st != stretch{}:
		end := midnight(m.at, st.after+st.days)
		if st.days == 0 { // to the end
			end, _ = add(m.at, span{1, m.grain})
		}
		m = moment{at: midnight(m.at, st.after), until: end, grain: day}
	}
	return m
}

// midnight is the beginning of a day. Days over the end of the month are those of the next.
func midnight(t time.Time, days int) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+days, 0, 0, 0, 0, t.Location())
}

// civil reports whether a year can be written.
func civil(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

// shifted adds a length to now; it is known one grain finer, as in Duckling: in two days is an hour.
func (sp spec) shifted(now time.Time) (moment, bool) {
	t, ok := add(now, sp.shift)
	finer := [...]grain{second: second, minute: second, hour: minute, day: hour, week: day, month: day, quarter: month, year: month}[sp.shift.grain]
	return moment{at: floor(t, finer), grain: finer}, ok
}

// add adds a length of time; days and more keep the time of the day, months the day if they have it.
func add(t time.Time, d span) (time.Time, bool) {
	if d.seconds() > longest || d.seconds() < -longest {
		return t, false
	}
	n := int(d.count)
	switch d.grain {
	case second, minute, hour:
		t = t.Add(time.Duration(n) * time.Duration(grainSeconds[d.grain]) * time.Second)
	case day:
		t = t.AddDate(0, 0, n)
	case week:
		t = t.AddDate(0, 0, 7*n)
	case month:
		t = addMonths(t, n)
	case quarter:
		t = addMonths(t, 3*n)
	case year:
		t = addMonths(t, 12*n)
	}
	return t, civil(t)
}

func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	return first.AddDate(0, 0, min(t.Day(), daysIn(first.Year(), int(first.Month())))-1)
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// floor is the beginning of the unit that a time is in.
func floor(t time.Time, g grain) time.Time {
	y, m, d := t.Date()
	h, mi, s := t.Clock()
	switch g {
	case second:
	case minute:
		s = 0
	case hour:
		mi, s = 0, 0
	case day:
		h, mi, s = 0, 0, 0
	case week:
		d, h, mi, s = d-(weekdayOf(t)-1), 0, 0, 0
	case month:
		d, h, mi, s = 1, 0, 0, 0
	case quarter:
		m, d, h, mi, s = (m-1)/3*3+1, 1, 0, 0, 0
	case year:
		m, d, h, mi, s = 1, 1, 0, 0, 0
	}
	return time.Date(y, m, d, h, mi, s, 0, t.Location())
}

// weekdayOf is 1 for Monday to 7 for Sunday.
func weekdayOf(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// date finds the day, or the longer unit, that is said.
func (sp spec) date(now time.Time) (moment, bool) {
	switch {
	case sp.said&saidShift != 0:
		t, ok := add(now, sp.shift)
		if ok && sp.said&saidWeekday != 0 {
			t = floor(t, week).AddDate(0, 0, sp.weekday-1)
		}
		return moment{at: midnight(t, 0), grain: day}, ok
	case sp.said&saidOffset != 0:
		return moment{at: midnight(now, sp.offset), grain: day}, true
	case sp.said&saidWeekend != 0:
		return sp.weekend(now), true
	case sp.said&saidCycle != 0:
		return sp.cycled(now)
	case sp.said&(saidDay|saidMonth|saidYear) != 0:
		return sp.dated(now)
	}
	return moment{at: sp.dayOfWeek(now), grain: day}, true
}

// dayOfWeek: a bare name is the next such day after today, "next" that of the next week, as in
// Duckling.
func (sp spec) dayOfWeek(now time.Time) time.Time {
	ahead := (sp.weekday - weekdayOf(now) + 7) % 7
	switch {
	case sp.which == next:
		ahead = 7 + sp.weekday - weekdayOf(now)
	case sp.which == last:
		if ahead -= 7; ahead == 0 {
			ahead = -7
		}
	case ahead == 0 && sp.which == unsaid:
		ahead = 7
	}
	return midnight(now, ahead)
}

func (sp spec) weekend(now time.Time) moment {
	saturday := midnight(now, 6-weekdayOf(now))
	switch sp.which {
	case next:
		saturday = midnight(saturday, 7)
	case last:
		saturday = midnight(saturday, -7)
	}
	return moment{at: saturday, grain: day, until: midnight(saturday, 2)}
}

// cycled is a whole week, month or year, or a day in it.
func (sp spec) cycled(now time.Time) (moment, bool) {
	t, ok := add(floor(now, sp.cycle), span{float64(sp.cycles), sp.cycle})
	switch {
	case sp.said&saidWeekday != 0:
		return moment{at: midnight(floor(t, week), sp.weekday-1), grain: day}, ok
	case sp.said&saidMonth != 0:
		sp.year, sp.said = t.Year(), sp.said|saidYear
		m, valid := sp.dated(now)
		return m, ok && valid
	case sp.said&saidDay != 0:
		return moment{at: midnight(t, sp.day-1), grain: day}, ok && sp.day <= daysIn(t.Year(), int(t.Month()))
	}
	return moment{at: t, grain: sp.cycle}, ok
}

// dated finds a date of which some of year, month and day are said.
func (sp spec) dated(now time.Time) (moment, bool) {
	today := midnight(now, 0)
	at := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, now.Location()) }
	switch sp.said & (saidYear | saidMonth | saidDay) {
	case saidYear | saidMonth | saidDay:
		return moment{at: at(sp.year, sp.month, sp.day), grain: day}, sp.day <= daysIn(sp.year, sp.month)
	case saidYear | saidMonth:
		return moment{at: at(sp.year, sp.month, 1), grain: month}, true
	case saidYear:
		return moment{at: at(sp.year, 1, 1), grain: year}, true
	case saidMonth | saidDay:
		// 29 February is at most eight years away
		for y := now.Year(); y <= now.Year()+8; y++ {
			if t := at(y, sp.month, sp.day); sp.day <= daysIn(y, sp.month) && !t.Before(today) {
				return moment{at: t, grain: day}, civil(t)
			}
		}
	case saidMonth:
		t := at(now.Year(), sp.month, 1)
		if sp.month < int(now.Month()) || sp.which == next && sp.month == int(now.Month()) {
			t = at(now.Year()+1, sp.month, 1)
		}
		if sp.which == last {
			if t = at(now.Year(), sp.month, 1); sp.month >= int(now.Month()) {
				t = at(now.Year()-1, sp.month, 1)
			}
		}
		return moment{at: t, grain: month}, civil(t)
	case saidDay:
		for m := range 3 {
			first := addMonths(floor(now, month), m)
			if t := midnight(first, sp.day-1); t.Month() == first.Month() && !t.Before(today) {
				return moment{at: t, grain: day}, civil(t)
			}
		}
	}
	return moment{}, false
}

// onClock puts a time of the day on a day: without one, the nearest ahead; of today, the nearest
// ahead if there is one; of another day, the first.
func (sp spec) onClock(m moment, now time.Time) moment {
	dated := sp.said&dates != 0
	var first time.Time
	for days := range 2 {
		for _, h := range sp.hours() {
			t := time.Date(m.at.Year(), m.at.Month(), m.at.Day()+days, h, sp.minute, sp.second, 0, now.Location())
			if first.IsZero() {
				first = t
			}
			ahead := !t.Before(floor(now, minute))
			switch {
			case dated && !midnight(now, 0).Equal(midnight(m.at, 0)):
				return moment{at: t, grain: sp.fine}
			case ahead && (days == 0 || !dated || h == 0 && sp.part == night):
				return moment{at: t, grain: sp.fine}
			}
		}
	}
	return moment{at: first, grain: sp.fine}
}

// hours are those that the hour of a clock may be.
func (sp spec) hours() []int {
	h := sp.hour
	if sp.exact || h > 12 {
		return []int{h}
	}
	switch sp.part {
	case morning:
		return []int{h % 12}
	case afternoon:
		if h == 12 || h >= 9 {
			return []int{h}
		}
		return []int{h + 12}
	case evening:
		return []int{h%12 + 12 + h/12*12}
	case night:
		if h >= 8 && h < 12 {
			return []int{h + 12}
		}
		return []int{h % 12}
	}
	if h == 12 {
		return []int{h} // noon; midnight is said so
	}
	return []int{h, h + 12}
}

// inPart is a part of a day; the next to come when no day is said.
func (sp spec) inPart(m moment, now time.Time) moment {
	span := func(days int) moment {
		y, mo, d := m.at.Date()
		return moment{
			at:    time.Date(y, mo, d+days, sp.part.from, 0, 0, 0, now.Location()),
			until: time.Date(y, mo, d+days, sp.part.to, 0, 0, 0, now.Location()),
			grain: hour,
		}
	}
	today := midnight(now, 0).Equal(midnight(m.at, 0))
	if p := span(0); p.until.After(now) || sp.said&dates != 0 && (!today || sp.part.name != "night") {
		return p
	}
	return span(1)
}

// timeValue is the shape of times. An interval has the fields of its beginning too; one that is
// open has one end.
type timeValue struct {
	Value     string     `json:"value"` // local: 2019-12-11T00:00:00
	Timestamp int64      `json:"timestamp"`
	Grain     string     `json:"grain"`
	Year      int        `json:"year"`
	Month     int        `json:"month"`
	Day       int        `json:"day"`
	Hour      int        `json:"hour"`
	Minute    int        `json:"minute"`
	Second    int        `json:"second"`
	Weekday   int        `json:"weekday"` // 1 Monday to 7 Sunday
	Timezone  string     `json:"timezone"`
	From      *timeValue `json:"from,omitempty"`
	To        *timeValue `json:"to,omitempty"`
}

func point(t time.Time, g grain) *timeValue {
	zone := t.Location().String()
	if zone == "UTC" || !strings.Contains(zone, "/") {
		zone = t.Format("-07:00")
	}
	if t.Location() == time.UTC {
		zone = "UTC"
	}
	return &timeValue{
		Value: t.Format("2006-01-02T15:04:05"), Timestamp: t.UnixMilli(), Grain: grainNames[g],
		Year: t.Year(), Month: int(t.Month()), Day: t.Day(), Hour: t.Hour(), Minute: t.Minute(), Second: t.Second(),
		Weekday: weekdayOf(t), Timezone: zone,
	}
}

func (m moment) value() *timeValue {
	v := point(m.at, m.grain)
	if !m.until.IsZero() {
		v.From, v.To = point(m.at, m.grain), point(m.until, m.grain)
	}
	return v
}
