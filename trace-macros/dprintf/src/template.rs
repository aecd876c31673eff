//! Format templates, as far as they must be understood to name every place in them.

/// A template whose places all have names.
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

enum Piece {
    /// Text as it stands in the template, doubled braces included.
    Text(String),
    Place(Place),
}

/// A place for a value.
pub(crate) struct Place {
    /// The name in the record: that of the value, unless another place shows the same value in another way.
    pub(crate) name: String,
    /// The value's name; a position is a name of digits.
    pub(crate) source: String,
    /// The format of this value alone: `{}`, `{:?}`, `{:>4}`.
    pub(crate) format: String,
    /// A format that only Rust can do right (`{:x}` of a negative number knows its width): it is done while the program
    /// runs, and `format` is `{}`.
    pub(crate) done: Option<String>,
}

impl Place {
    fn new(source: String, format: &str, before: &[Piece]) -> Place {
        let last = format.trim_end().chars().last();
        let form = last.filter(|form| "?xXobeEp".contains(*form));
        let format = if format.is_empty() { "{}".to_owned() } else { format!("{{:{format}}}") };
        let done = form.filter(|form| *form != '?').map(|_| format.clone());
        let format = if done.is_some() { "{}".to_owned() } else { format };
        // `{e}` and `{e:?}` may be two texts: each is a value of its own.
        let ends = |place: &Place| place.done.as_ref().unwrap_or(&place.format).trim_end_matches('}').chars().last();
        let same_form = |place: &Place| ends(place).filter(|form| "?xXobeEp".contains(*form)) == form;
        let mut others = before.iter().filter_map(|piece| match piece {
            Piece::Place(place) if place.source == source => Some(place),
            _ => None,
        });
        let (count, known) = (others.clone().count(), others.find(|place| same_form(place)));
        let name = match known {
            Some(place) => place.name.clone(),
            None if count == 0 => source.clone(),
            None => format!("{source}__{count}"),
        };
        Place { name, source, format, done }
    }
}

impl Template {
    /// Takes a template apart; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut next_position = 0;
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                plain.push_str(&rest[..2]);
                rest = &rest[2..];
                continue;
            }
            if rest.starts_with('}') {
                return Err("a `}` in the template opens nowhere; write `}}` for the character".into());
            }
            let end = rest.find('}').ok_or("a `{` in the template is never closed; write `{{` for the character")?;
            let (name, format) = rest[1..end].split_once(':').unwrap_or((&rest[1..end], ""));
            // `*` and `$` may also be what is filled up with: `{:*^9}`.
            let fill = format.char_indices().nth(1).filter(|(_, align)| "<^>".contains(*align)).map_or(0, |(at, _)| at);
            if format[fill..].contains(['$', '*']) {
                return Err("widths and precisions from values (`$`, `*`) cannot be recorded; write the number".into());
            }
            let source = match name.trim() {
                "" => {
                    next_position += 1;
                    (next_position - 1).to_string()
                }
                name => name.to_owned(),
            };
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Place(Place::new(source, format, &pieces)));
            rest = &rest[end + 1..];
        }
        plain.push_str(rest);
        pieces.push(Piece::Text(plain));
        Ok(Template { pieces })
    }

    /// The places in order; a value may have several.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Place(place) => Some(place),
            Piece::Text(_) => None,
        })
    }

    /// The template with every place named.
    pub(crate) fn text(&self) -> String {
        self.text_with(str::to_owned)
    }

    /// The template with every name replaced by what `rename` makes of it.
    pub(crate) fn text_with(&self, rename: impl Fn(&str) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Place(Place { name, format, .. }) => format!("{{{}{}", rename(name), &format[1..]),
        };
        self.pieces.iter().map(piece).collect()
    }
}

/// The text that a string literal's source stands for; `None` if it is not a string literal.
pub(crate) fn unquote(source: &str) -> Option<String> {
    if let Some(raw) = source.strip_prefix('r') {
        let inner = raw.trim_matches('#');
        return Some(inner.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    }
    let inner = source.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::new();
    let mut rest = inner.chars().peekable();
    while let Some(character) = rest.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match rest.next()? {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            '0' => out.push('\0'),
            'x' => {
                let code: String = rest.by_ref().take(2).collect();
                out.push(char::from(u8::from_str_radix(&code, 16).ok()?));
            }
            'u' => {
                let code: String = rest.by_ref().skip(1).take_while(|digit| *digit != '}').collect();
                out.push(char::from_u32(u32::from_str_radix(&code.replace('_', ""), 16).ok()?)?);
            }
            // A line that goes on after white space.
            '\n' => while rest.next_if(|next| next.is_whitespace()).is_some() {},
            other => out.push(other),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> (String, Vec<(String, String)>) {
        let Ok(template) = Template::parse(text) else { panic!("{text} is a template") };
        let places = template.places().map(|place| (place.name.clone(), place.format.clone())).collect();
        (template.text(), places)
    }

    #[test]
    fn every_place_gets_a_name() {
        let (text, places) = named("{} and {x:?} {{not this}} {:>4} {1}");
        assert_eq!(text, "{0} and {x:?} {{not this}} {1:>4} {1}");
        let expected = [("0", "{}"), ("x", "{:?}"), ("1", "{:>4}"), ("1", "{}")];
        assert_eq!(places, expected.map(|(name, format)| (name.to_owned(), format.to_owned())));
    }

    #[test]
    fn what_cannot_be_a_template_is_refused() {
        for text in ["{", "}", "{x", "{x:>w$}", "{:.*}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn literals_are_read_as_the_compiler_reads_them() {
        assert_eq!(unquote(r#""a\n\"b\"\x41\u{1f980}""#).as_deref(), Some("a\n\"b\"A\u{1f980}"));
        assert_eq!(unquote("r#\"a\\n\"#").as_deref(), Some("a\\n"));
        assert_eq!(unquote("\"a\\\n   b\"").as_deref(), Some("ab"));
        assert_eq!(unquote("7"), None);
    }
}
