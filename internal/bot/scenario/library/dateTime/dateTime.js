// dateTimeOf are the converters of dateTime.sc. What they make is an object with the fields that
// were said or follow from it, and the moment itself: {year, month, day, weekDay, hour, minute,
// timestamp}; months from 1, days of the week from Monday, 1, timestamp in milliseconds. A date or
// day of the week without a year is the next one from today on. Days begin and end where the
// client is: at UTC, or by the offset that $request.data.offset tells.
var dateTimeOf = (function () {
    function first(node, names) {
        for (var i = 0; i < names.length; i++) {
            if (node[names[i]]) return node[names[i]][0];
        }
        return null;
    }
    function today() { return currentDate().startOf('day'); }
    function dated(at) {
        return { year: at.year(), month: at.month() + 1, day: at.date(), weekDay: at.isoWeekday(), timestamp: at.valueOf() };
    }
    function timed(at) {
        var of = dated(at);
        of.hour = at.hour();
        of.minute = at.minute();
        return of;
    }
    function fullYear(year) { return year < 100 ? year + (year < 70 ? 2000 : 1900) : year; }
    // on is a date; one that does not exist (30 February) is none.
    function on(year, month, day) {
        var at = today().year(year === undefined ? today().year() : fullYear(year)).date(1).month(month - 1);
        if (day > at.daysInMonth()) return undefined;
        at.date(day);
        if (year === undefined && at < today()) at.add(1, 'year');
        return dated(at);
    }
    function number(text) { return parseInt(text, 10); }

    // onClock is the next time that a clock of 24 hours shows this.
    function onClock(hour, minute) {
        var at = today().hour(hour).minute(minute);
        return at < currentDate() ? at.add(1, 'day') : at;
    }

    return {
        number: function (node) { return node.value !== undefined ? Number(node.value) : number(node.text); },

        numeric: function (node) {
            var p = node.text.split(/[.\/-]/);
            if (p[0].length === 4) return on(number(p[0]), number(p[1]), number(p[2]));
            if (number(p[1]) > 12) return undefined;
            return on(p[2] === undefined ? undefined : number(p[2]), number(p[1]), number(p[0]));
        },

        absolute: function (node) {
            if (node.DateNumeric) return node.DateNumeric[0].value;
            var day = node.DateDayNumber ? node.DateDayNumber[0].value : 1;
            var year = node.DateYearNumber ? node.DateYearNumber[0].value : undefined;
            if (node.DateMonth) return on(year, Number(node.DateMonth[0].value), day);
            var at = today();
            if (day < at.date()) at.add(1, 'month');
            while (day > at.daysInMonth()) at.add(1, 'month');
            return dated(at.date(day));
        },

        relative: function (node) {
            if (node.DateRelativeDay) return dated(today().add(Number(node.DateRelativeDay[0].value), 'day'));
            var count = node.Number ? node.Number[0].value : 1;
            if (node.value === 'ago') count = -count;
            return dated(today().add(count, node.DateUnit[0].value));
        },

        weekday: function (node) {
            var at = today(), day = Number(node.value);
            return dated(at.add((day - at.isoWeekday() + 7) % 7, 'day'));
        },

        // time is a time of day: {hour, minute}, and the next moment of it.
        time: function (node) {
            var hour, minute = 0, part = node.TimeDayPart ? node.TimeDayPart[0].value : '';
            if (node.TimeNumeric) {
                var p = node.TimeNumeric[0].text.split(':');
                hour = number(p[0]);
                minute = number(p[1]);
            } else if (node.value !== undefined) {
                hour = Number(node.value);
            } else {
                hour = (node.Hour || node.Number)[0].value;
                if (node.Minute) minute = node.Minute[0].value;
            }
            if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || hour % 1 !== 0) return undefined;
            if (part === 'pm' && hour < 12) hour += 12;
            if (part === 'am' && hour === 12 || part === 'night' && hour === 12 || hour === 24) hour = 0;
            if (part === 'night' && hour >= 7 && hour < 12) hour += 12;
            return { hour: hour, minute: minute, timestamp: onClock(hour, minute).valueOf() };
        },

        shortly: function (node) {
            var at = currentDate();
            if (node.value === 'now') return timed(at);
            var count = node.Number ? node.Number[0].value : 1;
            if (node.value === 'half') return timed(at.add(30, 'minute'));
            if (node.value === 'more') return timed(at.add(90, 'minute'));
            if (node.value === 'ago') count = -count;
            var unit = node.TimeUnit[0].value;
            return timed(at.add(count * { hour: 3600, minute: 60, second: 1 }[unit], 'second'));
        },

        // both puts a date and a time together.
        both: function (node) {
            var found = first(node, ['duckling.time']);
            if (found) {
                // "9:05" alone is the morning, as in $TimeAbsolute, and not the nearest 9:05 of a clock face.
                var clock = /^(\d?\d):(\d\d)$/.exec(node.text), at = clock && onClock(number(clock[1]), number(clock[2]));
                return at ? timed(at) : dateTimeOf.moment(found.value);
            }
            var soon = first(node, ['TimeRelative']);
            if (soon) return soon.value;
            var date = first(node, ['DateAbsolute', 'DateRelative', 'DateWeekday']), time = first(node, ['TimeAbsolute']);
            if (!date || !date.value) return time && time.value ? timed(moment(time.value.timestamp).utcOffset(currentDate().utcOffset())) : undefined;
            if (!time || !time.value) return date.value;
            return timed(currentDate().startOf('day').year(date.value.year).date(1).month(date.value.month - 1).date(date.value.day).hour(time.value.hour).minute(time.value.minute));
        },

        // moment makes the same object of what the platform understands as a time.
        moment: function (of) {
            var at = of !== null && typeof of === 'object' ? of.timestamp || of.value || of.from : of;
            if (at !== null && typeof at === 'object') at = at.timestamp || at.value;
            at = typeof at === 'number' ? moment(at).utcOffset(currentDate().utcOffset()) : moment.utc(String(at));
            return at.isValid() ? timed(at) : of;
        },
    };
})();
