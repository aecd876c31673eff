//! Renders a DPrintf line: the program recorded the template and the named values, and formatted neither.
//!
//! The syntax is that of Rust's `format!` with named arguments: `{name}`, `{name:?}`, `{name:>5}`, `{name:#06x}`, `{{`.
//! A name without a value stays visible as it stands in the template, and so does what is no placeholder at all:
//! a log line is evidence, and half of one is better than an error.

use std::fmt::Write;

use peerscope_format::value::{MapRef, ValueRef};

/// No padding is wider than this, whatever a foreign template asks for.
const MAX_WIDTH: usize = 200;

/// The text of the template `msg` with its placeholders replaced by the values in `args`.
pub fn render(msg: &str, args: Option<MapRef<'_>>) -> String {
    let mut text = String::with_capacity(msg.len() + 16);
    let mut rest = msg;
    while let Some(place) = rest.find(['{', '}']) {
        text.push_str(&rest[..place]);
        let brace = &rest[place..place + 1];
        rest = &rest[place + 1..];
        if rest.starts_with(brace) {
            text.push_str(brace);
            rest = &rest[1..];
            continue;
        }
        let Some(end) = rest.find('}').filter(|_| brace == "{") else {
            text.push_str(brace);
            continue;
        };
        let placeholder = &rest[..end];
        rest = &rest[end + 1..];
        let (name, spec) = placeholder.split_once(':').unwrap_or((placeholder, ""));
        match args.and_then(|args| args.get(name.trim())) {
            Some(value) => Spec::parse(spec).write(value, &mut text),
            None => drop(write!(text, "{{{placeholder}}}")),
        }
    }
    text.push_str(rest);
    text
}

#[derive(Clone, Copy, PartialEq)]
enum Align {
    Left,
    Centre,
    Right,
}

/// What stands behind the colon: `[[fill]align][+][#][0][width][.precision][type]`.
struct Spec {
    fill: char,
    align: Option<Align>,
    plus: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    form: char,
}

impl Spec {
    fn parse(spec: &str) -> Spec {
        let chars: Vec<char> = spec.trim_end().chars().collect();
        let align_of = |place: usize| match chars.get(place) {
            Some('<') => Some(Align::Left),
            Some('^') => Some(Align::Centre),
            Some('>') => Some(Align::Right),
            _ => None,
        };
        let (fill, align, mut place) = match (align_of(1), align_of(0)) {
            (Some(align), _) => (chars[0], Some(align), 2),
            (None, Some(align)) => (' ', Some(align), 1),
            (None, None) => (' ', None, 0),
        };
        let mut flag = |wanted: char| {
            let found = chars.get(place) == Some(&wanted);
            place += usize::from(found);
            found
        };
        let (plus, alternate, zero) = (flag('+'), flag('#'), flag('0'));
        let number = |place: &mut usize| {
            let start = *place;
            while chars.get(*place).is_some_and(char::is_ascii_digit) {
                *place += 1;
            }
            chars[start..*place].iter().collect::<String>().parse::<usize>().ok()
        };
        let width = number(&mut place).unwrap_or(0).min(MAX_WIDTH);
        let mut precision = None;
        if chars.get(place) == Some(&'.') {
            place += 1;
            precision = number(&mut place).map(|digits| digits.min(MAX_WIDTH));
        }
        Spec { fill, align, plus, alternate, zero, width, precision, form: chars.get(place).copied().unwrap_or(' ') }
    }

    fn write(&self, value: ValueRef<'_>, text: &mut String) {
        let number = matches!(value, ValueRef::U64(_) | ValueRef::I64(_) | ValueRef::F64(_));
        let (prefix, digits) = self.body(value);
        let length = prefix.chars().count() + digits.chars().count();
        let missing = self.width.saturating_sub(length);
        if number && self.zero {
            text.push_str(&prefix);
            text.extend(std::iter::repeat_n('0', missing));
            text.push_str(&digits);
            return;
        }
        let default = if number { Align::Right } else { Align::Left };
        let before = match self.align.unwrap_or(default) {
            Align::Left => 0,
            Align::Centre => missing / 2,
            Align::Right => missing,
        };
        text.extend(std::iter::repeat_n(self.fill, before));
        text.push_str(&prefix);
        text.push_str(&digits);
        text.extend(std::iter::repeat_n(self.fill, missing - before));
    }

    /// The value without padding: sign and base prefix apart from the rest, as zeros go between.
    ///
    /// Under `{:?}` a text is quoted and a float keeps its point, as Rust has it: what was only `Debug` arrives as the text
    /// that its `Debug` made, under a placeholder without `?`.
    fn body(&self, value: ValueRef<'_>) -> (String, String) {
        let sign = |negative: bool| {
            if negative {
                "-"
            } else if self.plus {
                "+"
            } else {
                ""
            }
        };
        let whole = match value {
            ValueRef::U64(number) => Some((false, number)),
            ValueRef::I64(number) => Some((number < 0, number.unsigned_abs())),
            _ => None,
        };
        if let Some((negative, number)) = whole {
            let (base, digits) = match self.form {
                'x' => ("0x", format!("{number:x}")),
                'X' => ("0x", format!("{number:X}")),
                'o' => ("0o", format!("{number:o}")),
                'b' => ("0b", format!("{number:b}")),
                _ => ("", number.to_string()),
            };
            return (format!("{}{}", sign(negative), if self.alternate { base } else { "" }), digits);
        }
        match (value, self.precision) {
            (ValueRef::F64(number), Some(digits)) => {
                (sign(number.is_sign_negative()).to_owned(), format!("{:.digits$}", number.abs()))
            }
            (ValueRef::F64(number), None) if self.form == '?' => (String::new(), format!("{number:?}")),
            (ValueRef::Text(text), None) if self.form == '?' => (String::new(), format!("{text:?}")),
            (ValueRef::Text(text), Some(limit)) => (String::new(), text.chars().take(limit).collect()),
            (other, _) => (String::new(), other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use peerscope_format::value::Value;
    use peerscope_format::varint::Cursor;
    use peerscope_format::wire::Strings;

    use super::*;

    fn rendered(msg: &str, args: &[(&str, Value)]) -> String {
        let bytes =
            Value::Map(args.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()).to_bytes();
        let strings = Strings::default();
        let Ok(ValueRef::Map(map)) = ValueRef::decode(&mut Cursor::new(&bytes), &strings) else { panic!("no map") };
        render(msg, Some(map))
    }

    #[test]
    fn values_stand_where_their_names_stood() {
        let args = [("me", Value::U64(0)), ("term", Value::U64(2)), ("state", Value::from("Candidate { votes: 1 }"))];
        assert_eq!(rendered("[{me}] term {term}: {state}", &args), "[0] term 2: Candidate { votes: 1 }");
        assert_eq!(
            rendered("{name:?} {of:?}", &[("name", Value::from("a\"b")), ("of", Value::F64(1.0))]),
            r#""a\"b" 1.0"#
        );
        assert_eq!(rendered("{{{me}}} 100%", &args), "{0} 100%");
    }

    #[test]
    fn widths_and_bases_are_those_of_rust() {
        let args = [("n", Value::U64(42)), ("s", Value::from("ab")), ("f", Value::F64(2.5)), ("m", Value::I64(-7))];
        let expected =
            format!("[{:>5}|{:<5}|{:^6}|{:#06x}|{:.2}|{:*>4}|{:04}|{:+}]", 42, 42, "ab", 42, 2.5, "ab", -7, 42);
        assert_eq!(rendered("[{n:>5}|{n:<5}|{s:^6}|{n:#06x}|{f:.2}|{s:*>4}|{m:04}|{n:+}]", &args), expected);
    }

    #[test]
    fn what_is_missing_or_malformed_stays_visible() {
        assert_eq!(rendered("{nobody} {nobody:>3} }{ {", &[]), "{nobody} {nobody:>3} }{ {");
        assert_eq!(render("vote {x}", None), "vote {x}");
        assert_eq!(rendered("{n:>99999999999999999999999}", &[("n", Value::U64(1))]), "1");
        assert_eq!(rendered("{n:>99999}", &[("n", Value::U64(1))]).len(), MAX_WIDTH);
    }
}
