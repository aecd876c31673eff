//! The procedural macro behind `peerscope::dprintf!`: it takes the template apart, so that the text stays in the program
//! and only the values are recorded. It knows nothing of recording: it hands the parts to `peerscope::__dprintf!`.
//!
//! Written on `proc_macro` alone: a parser of Rust would cost more build time than the rest of the crate.

mod template;

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

use crate::template::{Place, Template};

/// `dprintf!(path_of_peerscope; [peer,] [topic,] "template", values...)`; see `peerscope::dprintf!`.
#[proc_macro]
pub fn dprintf(input: TokenStream) -> TokenStream {
    expand(input).unwrap_or_else(|Failure(span, message)| {
        let error = [
            TokenTree::Ident(Ident::new("compile_error", span)),
            punct('!', span),
            TokenTree::Group(Group::new(Delimiter::Brace, TokenTree::Literal(Literal::string(&message)).into())),
        ];
        error.into_iter().collect()
    })
}

/// What is wrong with the call, and where.
struct Failure(Span, String);

type Tokens = Vec<TokenTree>;

fn expand(input: TokenStream) -> Result<TokenStream, Failure> {
    let mut tokens = input.into_iter();
    // `$crate;`, put in front by the macro that users call.
    let home: Tokens = tokens.by_ref().take_while(|token| !is_punct(token, ';')).collect();
    let parts = split(tokens.collect(), ',');
    let usage = || Failure(Span::call_site(), "dprintf! takes ([peer,] [topic,] \"template\" [, values])".into());
    let at = parts.iter().position(|part| text(part).is_some()).ok_or_else(usage)?;
    let (front, back) = parts.split_at(at);
    let (literal, values) = back.split_first().ok_or_else(usage)?;
    let (template, span) = text(literal).ok_or_else(usage)?;
    let (peer, topic) = match front {
        [] => (None, None),
        [one] if matches!(&one[..], [TokenTree::Ident(word)] if word.to_string() != "peer") => (None, Some(one)),
        [one] => (Some(one), None),
        [peer, topic] => (Some(peer), Some(topic)),
        _ => return Err(usage()),
    };
    let topic = match topic.map(|topic| &topic[..]) {
        None => "log".to_owned(),
        Some([TokenTree::Ident(topic)]) => topic.to_string(),
        Some(_) => return Err(Failure(span, "the topic is one word: dprintf!(peer, vote, \"...\")".into())),
    };

    let template = Template::parse(&template).map_err(|message| Failure(span, message))?;
    let values = Values::new(values, &template, span)?;
    let mut out: Tokens = home;
    out.extend([punct(':', span), punct(':', span)]);
    // Joint, so that it reads as one `::`.
    if let Some(TokenTree::Punct(first)) = out.iter_mut().rev().nth(1) {
        *first = Punct::new(':', Spacing::Joint);
    }
    out.extend([TokenTree::Ident(Ident::new("__dprintf", Span::call_site())), punct('!', span)]);
    let mut body: Tokens = vec![group(peer.cloned().unwrap_or_default())];
    body.push(TokenTree::Literal(Literal::string(&topic)));
    body.push(literal_at(&template.text(), span));
    // For whoever formats the line: names become positions, since not every name is one that format_args! takes.
    let variable = |name: &str| TokenTree::Ident(Ident::new(&format!("value_{}", plain(name)), Span::mixed_site()));
    let mentioned = values.all.iter().filter(|(name, ..)| template.places().any(|place| place.name == *name));
    let mentioned: Vec<&str> = mentioned.map(|(name, ..)| &name[..]).collect();
    let position = |name: &str| mentioned.iter().position(|other| *other == name).unwrap_or_default().to_string();
    let mut message: Tokens = vec![literal_at(&template.text_with(position), span)];
    message.extend(mentioned.iter().flat_map(|name| [punct(',', span), variable(name)]));
    body.push(group(message));
    for (name, format, expression) in &values.all {
        body.push(group(vec![
            variable(name),
            TokenTree::Literal(Literal::string(name)),
            literal_at(format, span),
            group(expression.clone()),
        ]));
    }
    out.push(group(body));
    Ok(out.into_iter().collect())
}

/// Every value of the line: its name, how its place formats it, and the expression.
struct Values {
    all: Vec<(String, String, Tokens)>,
}

impl Values {
    fn new(parts: &[Tokens], template: &Template, span: Span) -> Result<Self, Failure> {
        let mut named: Vec<(String, Tokens, bool)> = Vec::new();
        for (place, part) in parts.iter().filter(|part| !part.is_empty()).enumerate() {
            match &part[..] {
                [TokenTree::Ident(name), equals, ..] if is_punct(equals, '=') && !starts_comparison(&part[2..]) => {
                    named.push((plain(&name.to_string()).to_owned(), part[2..].to_vec(), false));
                }
                _ => named.push((place.to_string(), part.clone(), false)),
            }
        }
        let mut all: Vec<(String, String, Tokens)> = Vec::new();
        for Place { name, source, format, done } in template.places() {
            let expression = if let Some((_, expression, used)) = named.iter_mut().find(|(other, ..)| other == source) {
                *used = true;
                expression.clone()
            } else if is_position(source) {
                return Err(Failure(span, format!("the template asks for value {source}, which is not there")));
            } else {
                let captured = captured(source, span).ok_or_else(|| {
                    Failure(span, format!("`{source}` is no name; give the value one: `x = {source}`"))
                })?;
                vec![captured]
            };
            if !all.iter().any(|(other, ..)| other == name) {
                let expression = done.as_ref().map_or(expression.clone(), |done| formatted(done, expression, span));
                all.push((name.clone(), format.clone(), expression));
            }
        }
        // A named value that the text does not mention is recorded all the same: it is data, not text.
        for (name, expression, used) in named {
            if used {
                continue;
            }
            let name = match &expression[..] {
                [TokenTree::Ident(variable)] if is_position(&name) => plain(&variable.to_string()).to_owned(),
                _ if is_position(&name) => {
                    return Err(Failure(span, format!("value {name} has no place in the template; give it a name")));
                }
                _ => name,
            };
            all.push((name, "{:?}".into(), expression));
        }
        Ok(Values { all })
    }
}

/// `::core::format_args!("{:x}", expression)`.
fn formatted(format: &str, expression: Tokens, span: Span) -> Tokens {
    let mut tokens: Tokens = Vec::new();
    for word in ["core", "format_args"] {
        tokens.push(TokenTree::Punct(Punct::new(':', Spacing::Joint)));
        tokens.push(punct(':', span));
        tokens.push(TokenTree::Ident(Ident::new(word, Span::call_site())));
    }
    let arguments = [literal_at(format, span), punct(',', span)].into_iter().chain(expression).collect();
    tokens.extend([punct('!', span), group(arguments)]);
    tokens
}

/// A raw identifier's name.
fn plain(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// The variable of this name, which may be a keyword; `None` if it cannot be one.
fn captured(name: &str, span: Span) -> Option<TokenTree> {
    // Parsed, since `Ident::new` panics; `self` and the like stay what they are.
    let source = if matches!(name, "self" | "Self") { name.to_owned() } else { format!("r#{name}") };
    let mut tokens = source.parse::<TokenStream>().ok()?.into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(mut ident)), None) => {
            ident.set_span(span);
            Some(TokenTree::Ident(ident))
        }
        _ => None,
    }
}

fn is_position(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_digit())
}

/// `a = = b` cannot be, but `a == b` comes as two tokens.
fn starts_comparison(rest: &[TokenTree]) -> bool {
    rest.first().is_some_and(|token| is_punct(token, '='))
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn punct(character: char, span: Span) -> TokenTree {
    let mut punct = Punct::new(character, Spacing::Alone);
    punct.set_span(span);
    TokenTree::Punct(punct)
}

fn group(tokens: Tokens) -> TokenTree {
    TokenTree::Group(Group::new(Delimiter::Parenthesis, tokens.into_iter().collect()))
}

fn literal_at(text: &str, span: Span) -> TokenTree {
    let mut literal = Literal::string(text);
    literal.set_span(span);
    TokenTree::Literal(literal)
}

/// Splits at the separators of the top level. Commas between the angle brackets of a turbofish are not told apart: put such an
/// expression into parentheses.
fn split(tokens: Tokens, separator: char) -> Vec<Tokens> {
    let mut parts = vec![Tokens::new()];
    for token in tokens {
        if is_punct(&token, separator) {
            parts.push(Tokens::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(token);
        }
    }
    parts
}

/// The text of a part that is one string literal; a `literal` fragment of a macro comes inside an invisible group.
fn text(part: &[TokenTree]) -> Option<(String, Span)> {
    match part {
        [TokenTree::Literal(literal)] => Some((template::unquote(&literal.to_string())?, literal.span())),
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::None => {
            text(&group.stream().into_iter().collect::<Tokens>())
        }
        _ => None,
    }
}
