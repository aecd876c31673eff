//! Times and lengths of time in words.

/// A length of time with a unit that suits it: "35 ns", "1.204 ms", "12.3 s", "2 m 03 s"; to the thousandth, as reports
/// say it. What does not fit is cut off, not rounded, so that 999.9999 µs never read as 1000 µs.
pub fn duration(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let ns = ns.unsigned_abs();
    let text = match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{} µs", decimal(ns, 1_000)),
        1_000_000..1_000_000_000 => format!("{} ms", decimal(ns, 1_000_000)),
        1_000_000_000..60_000_000_000 => format!("{} s", decimal(ns, 1_000_000_000)),
        _ => {
            let seconds = ns / 1_000_000_000;
            let (minutes, hours) = (seconds / 60, seconds / 3600);
            match hours {
                0 => format!("{minutes} m {:02} s", seconds % 60),
                1..24 => format!("{hours} h {:02} m", minutes % 60),
                _ => format!("{} d {:02} h", hours / 24, hours % 24),
            }
        }
    };
    format!("{sign}{text}")
}

/// `ns / unit` to the thousandth, without zeros at the end.
fn decimal(ns: u64, unit: u64) -> String {
    let (whole, thousandths) = (ns / unit, ns % unit * 1000 / unit);
    let text = format!("{whole}.{thousandths:03}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A moment as reports say it, to the µs: "0.802 ms".
pub fn at_moment(ns: u64) -> String {
    moment(i64::try_from(ns).unwrap_or(i64::MAX), 1_000.0)
}

/// A moment since the trace's start, with as many digits as tell apart what is `ns_per_point` ns apart: "1.2 ms" in a wide
/// view, "1.204331 ms" in a narrow one. Always in ms, as in reports, the table and on the axis, but for views of minutes and
/// hours: then in seconds.
pub fn moment(ns: i64, ns_per_point: f64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let ns = ns.unsigned_abs();
    // How many digits behind the point of a second; 9 shows each ns.
    let digits = (9.0 - ns_per_point.max(1.0).log10().floor()).clamp(0.0, 9.0) as usize;
    let (unit, name, digits) = if digits <= 2 && ns >= 1_000_000_000 {
        (1_000_000_000, "s", digits)
    } else {
        (1_000_000, "ms", digits.saturating_sub(3))
    };
    let full = if name == "s" { 9 } else { 6 };
    let fraction = format!("{:0full$}", ns % unit);
    let point = if digits == 0 { "" } else { "." };
    format!("{sign}{}{point}{} {name}", ns / unit, &fraction[..digits])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_the_unit_that_suits_them() {
        let cases = [
            (0, "0 ns"),
            (35, "35 ns"),
            (999, "999 ns"),
            (1_000, "1 µs"),
            (999_999, "999.999 µs"),
            (1_204_331, "1.204 ms"),
            (12_045_000, "12.045 ms"),
            (414_807_900, "414.807 ms"),
            (5_000_000, "5 ms"),
            (12_300_000_000, "12.3 s"),
            (59_999_999_999, "59.999 s"),
            (123_000_000_000, "2 m 03 s"),
            (3_720_000_000_000, "1 h 02 m"),
            (-1_500, "-1.5 µs"),
            (i64::MAX, "106751 d 23 h"),
            (i64::MIN, "-106751 d 23 h"),
        ];
        for (ns, expected) in cases {
            assert_eq!(duration(ns), expected, "{ns}");
        }
    }

    #[test]
    fn moments_have_the_digits_that_the_view_can_show() {
        let cases = [
            (1_204_331, 1.0, "1.204331 ms"),
            (1_204_331, 900.0, "1.2043 ms"),
            (1_204_331, 1_000.0, "1.204 ms"),
            (1_204_331, 1_000_000.0, "1 ms"),
            (12_204_331_000, 1_000_000.0, "12204 ms"),
            (12_204_331_000, 10_000_000.0, "12.20 s"),
            (12_204_331_000, 1e12, "12 s"),
            (12_204_331_000, 100.0, "12204.3310 ms"),
            (-5, 0.001, "-0.000005 ms"),
            (i64::MIN, f64::NAN, "-9223372036854.775808 ms"),
        ];
        for (ns, ns_per_point, expected) in cases {
            assert_eq!(moment(ns, ns_per_point), expected, "{ns} at {ns_per_point}");
        }
    }
}
