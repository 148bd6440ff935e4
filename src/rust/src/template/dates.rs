//! Dates and durations for the filters `date` and `duration`. No time zones but fixed offsets.

/// A point of the civil calendar, with its offset from UTC in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    days: i64,    // since 1970-01-01
    seconds: i64, // of the day
    nanos: u32,
    offset: i64,
}

/// In milliseconds.
const DAY: i64 = 86_400_000;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// Howard Hinnant's algorithm: days since 1970-01-01 of a date of the Gregorian calendar.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

fn date_of(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z - era * 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month, doy - (153 * mp + 2) / 5 + 1)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take(&mut self, expected: u8) -> bool {
        let found = self.rest.first() == Some(&expected);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let part = self.rest.get(..count)?;
        if !part.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.rest = &self.rest[count..];
        part.iter()
            .try_fold(0i64, |sum, d| Some(sum * 10 + i64::from(d - b'0')))
    }

    fn fraction(&mut self) -> Option<u32> {
        let count = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        if count == 0 || count > 9 {
            return None;
        }
        let value = self.digits(count)?;
        u32::try_from(value * 10i64.pow(9 - count as u32)).ok()
    }

    fn offset(&mut self) -> Option<i64> {
        if self.rest.is_empty() || self.take(b'Z') || self.take(b'z') {
            return Some(0);
        }
        let sign = if self.take(b'+') {
            1
        } else if self.take(b'-') {
            -1
        } else {
            return None;
        };
        let hours = self.digits(2)?;
        self.take(b':');
        let minutes = if self.rest.is_empty() {
            0
        } else {
            self.digits(2)?
        };
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    }

    fn moment(&mut self) -> Option<Moment> {
        let year = self.digits(4)?;
        let dashed = self.take(b'-');
        let month = self.digits(2)?;
        if dashed && !self.take(b'-') {
            return None;
        }
        let day = self.digits(2)?;
        let days = days_of(year, month, day);
        if !(1..=12).contains(&month) || date_of(days) != (year, month, day) {
            return None;
        }
        let mut moment = Moment {
            days,
            seconds: 0,
            nanos: 0,
            offset: 0,
        };
        if self.rest.is_empty() {
            return Some(moment);
        }
        if !(self.take(b'T') || self.take(b't') || self.take(b' ')) {
            return None;
        }
        let hour = self.digits(2)?;
        let minute = self.take(b':').then(|| self.digits(2))??;
        let second = if self.take(b':') { self.digits(2)? } else { 0 };
        if self.take(b'.') {
            moment.nanos = self.fraction()?;
        }
        moment.offset = self.offset()?;
        moment.seconds = hour * 3600 + minute * 60 + second;
        (hour < 24 && minute < 60 && second < 60 && self.rest.is_empty()).then_some(moment)
    }
}

/// ISO 8601: "2026-11-21", "20261121", "2026-11-21T07:50:00.123Z", with a space, with an offset.
pub fn parse(text: &str) -> Result<Moment, String> {
    let mut reader = Reader {
        rest: text.as_bytes(),
    };
    match reader.moment() {
        Some(moment) if reader.rest.is_empty() => Ok(moment),
        _ => Err(format!(
            "filter 'date' takes an ISO date such as 2026-11-21 or 2026-11-21T07:50:00Z, not '{text}'"
        )),
    }
}

impl Moment {
    pub fn shifted(self, days: i64, hours: i64, minutes: i64) -> Result<Moment, String> {
        let bound = 10_000 * 366 * 1440;
        if [days, hours, minutes]
            .iter()
            .any(|n| !(-bound..=bound).contains(n))
        {
            return Err("filter 'date' cannot shift that far".to_string());
        }
        self.shifted_by(days * DAY + hours * 3_600_000 + minutes * 60_000)
    }

    pub fn shifted_by(self, millis: i64) -> Result<Moment, String> {
        let nanos = i64::from(self.nanos) + millis.rem_euclid(1000) * 1_000_000;
        let seconds = self.seconds + millis.div_euclid(1000) + nanos / 1_000_000_000;
        let moved = Moment {
            days: self.days + seconds.div_euclid(86_400),
            seconds: seconds.rem_euclid(86_400),
            nanos: (nanos % 1_000_000_000) as u32,
            ..self
        };
        let (year, _, _) = date_of(moved.days);
        if !(0..=9999).contains(&year) {
            return Err(format!(
                "filter 'date' was shifted to the year {year}, which has no ISO form"
            ));
        }
        Ok(moved)
    }

    fn weekday(self) -> i64 {
        (self.days + 4).rem_euclid(7)
    }

    /// ISO 8601 year and week.
    fn iso_week(self) -> (i64, i64) {
        let monday_based = (self.days + 3).rem_euclid(7);
        let thursday = self.days - monday_based + 3;
        let (year, _, _) = date_of(thursday);
        (year, (thursday - days_of(year, 1, 1)) / 7 + 1)
    }

    /// strftime's conversions. Errors name an unknown one.
    pub fn format(self, pattern: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let Some(conversion) = chars.next() else {
                return Err("filter 'date': the format ends in a lone '%'; write '%%'".to_string());
            };
            out.push_str(&self.convert(conversion)?);
        }
        Ok(out)
    }

    fn convert(self, conversion: char) -> Result<String, String> {
        let (year, month, day) = date_of(self.days);
        let (hour, minute) = (self.seconds / 3600, self.seconds / 60 % 60);
        let second = self.seconds % 60;
        let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
        let month_name = MONTHS[(month - 1) as usize];
        let weekday_name = WEEKDAYS[self.weekday() as usize];
        let (offset_sign, offset) = (if self.offset < 0 { '-' } else { '+' }, self.offset.abs());
        Ok(match conversion {
            'Y' => format!("{year:04}"),
            'm' => format!("{month:02}"),
            'd' => format!("{day:02}"),
            'e' => format!("{day:2}"),
            'H' => format!("{hour:02}"),
            'I' => format!("{twelve:02}"),
            'M' => format!("{minute:02}"),
            'S' => format!("{second:02}"),
            'f' => format!("{:06}", self.nanos / 1000),
            'L' => format!("{:03}", self.nanos / 1_000_000),
            'j' => format!("{:03}", self.days - days_of(year, 1, 1) + 1),
            'y' => format!("{:02}", year.rem_euclid(100)),
            'b' | 'h' => month_name[..3].to_string(),
            'B' => month_name.to_string(),
            'a' => weekday_name[..3].to_string(),
            'A' => weekday_name.to_string(),
            'u' => (if self.weekday() == 0 {
                7
            } else {
                self.weekday()
            })
            .to_string(),
            'w' => self.weekday().to_string(),
            'G' => format!("{:04}", self.iso_week().0),
            'V' => format!("{:02}", self.iso_week().1),
            'p' => (if hour < 12 { "AM" } else { "PM" }).to_string(),
            'F' => format!("{year:04}-{month:02}-{day:02}"),
            'T' => format!("{hour:02}:{minute:02}:{second:02}"),
            'R' => format!("{hour:02}:{minute:02}"),
            's' => (self.days * 86_400 + self.seconds - self.offset).to_string(),
            'z' => format!("{offset_sign}{:02}{:02}", offset / 3600, offset / 60 % 60),
            '%' => "%".to_string(),
            other => {
                return Err(format!(
                "filter 'date' does not know '%{other}'; it knows %Y %m %d %e %H %I %M %S %f %L \
                     %j %y %b %B %a %A %u %w %G %V %p %F %T %R %s %z %%"
            ))
            }
        })
    }
}

/// Milliseconds of "-1d" or "12h".
pub fn parse_shift(text: &str) -> Result<i64, String> {
    let (sign, size) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    match parse_duration(size) {
        Ok(millis) if millis <= 10_000 * 366 * DAY => Ok(sign * millis),
        Ok(_) => Err("filter 'date' cannot shift that far".to_string()),
        Err(_) => Err(format!(
            "filter 'date' takes a shift such as -1d, 12h or -1h30m, not '{text}'"
        )),
    }
}

/// The thousandths in the ".25" that `rest` begins with, and what is behind it; further digits
/// do not count.
fn thousandths(rest: &str) -> Option<(i64, &str)> {
    let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
    let shown = format!("{:0<3}", &rest[1..=digits]);
    let value = shown[..3].parse().ok()?;
    (digits > 0).then_some((value, &rest[1 + digits..]))
}

fn duration_error(text: &str) -> String {
    format!("filter 'duration' takes 250ms, 10s, 5m, 2h, 1d, 1h30m or PT10M, not '{text}'")
}

/// Milliseconds of "1h30m" or "P1DT2H".
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let (body, iso) = match text.strip_prefix('P') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let mut total: i64 = 0;
    let mut rest = body;
    let mut in_time = !iso;
    let mut parts = 0;
    while !rest.is_empty() {
        if iso && !in_time && rest.starts_with('T') {
            in_time = true;
            rest = &rest[1..];
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = rest[..digits].parse().map_err(|_| duration_error(text))?;
        rest = &rest[digits..];
        if iso && in_time && rest.starts_with('.') {
            let (part, behind) = thousandths(rest).ok_or_else(|| duration_error(text))?;
            if behind != "S" {
                return Err(duration_error(text));
            }
            total = total
                .checked_add(part)
                .ok_or_else(|| duration_error(text))?;
            rest = behind;
        }
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let letters = if iso { letters.min(1) } else { letters };
        let unit = match (iso, in_time, &rest[..letters]) {
            (false, _, "ms") => 1,
            (false, _, "s") | (true, true, "S") => 1000,
            (false, _, "m") | (true, true, "M") => 60_000,
            (false, _, "h") | (true, true, "H") => 3_600_000,
            (false, _, "d") | (true, false, "D") => DAY,
            (true, false, "W") => 7 * DAY,
            _ => return Err(duration_error(text)),
        };
        rest = &rest[letters..];
        parts += 1;
        total = count
            .checked_mul(unit)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| duration_error(text))?;
    }
    if parts == 0 {
        return Err(duration_error(text));
    }
    Ok(total)
}
