//! The events of a trace as lines, or side by side in a column for each peer.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use peerscope_format::shape::Slot;
use peerscope_format::vocabulary::Body;
use serde::Serialize;

use super::escape::{clip, escape};
use super::style::{Ink, Pen, Style, wrap};
use super::template;
use crate::detect::words::ms;
use crate::model::{Dense, Event, PeerId, Trace};

/// Which events, and in what form.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A column for each peer.
    pub columns: bool,
    /// Only these peers, by id or name; empty = all.
    pub peers: Vec<String>,
    /// Only this term.
    pub term: Option<u64>,
    /// Only these topics (`vote`, `lock`, ...); empty = all.
    pub topics: Vec<String>,
    /// How wide columns may be in all.
    pub width: usize,
}

impl Options {
    fn selects(&self, trace: &Trace, event: Event<'_>) -> bool {
        let named = |peer: PeerId| {
            let (id, name) = (trace.peers().id(peer).to_string(), trace.peers().name(peer));
            self.peers.iter().any(|wanted| *wanted == id || *wanted == name)
        };
        (self.peers.is_empty() || event.peer().is_some_and(named))
            && self.term.is_none_or(|term| event.term().is_some_and(|other| other.0 == term))
            && (self.topics.is_empty()
                || event.topic().is_some_and(|topic| self.topics.iter().any(|other| other == topic)))
    }
}

/// What the event says, in one line: a DPrintf line with its values, else the kind and its fields.
pub fn describe(event: Event<'_>) -> String {
    if let Body::Log(body) = event.body()
        && let Some(msg) = body.msg
    {
        return template::render(msg, body.args);
    }
    let mut text = event.kind_name().to_owned();
    for (name, slot, value) in event.record().fields() {
        if !matches!(slot, Slot::Common(_)) {
            text.push_str(&format!(" {name}={value}"));
        }
    }
    text
}

/// Writes the selected events for people.
///
/// # Errors
/// If `out` refuses.
pub fn write(trace: &Trace, options: &Options, out: &mut dyn Write, style: Style) -> io::Result<()> {
    let mut pen = Pen::new(out, style);
    if options.columns { columns(trace, options, &mut pen) } else { lines(trace, options, &mut pen) }
}

/// Longer texts are cut: a log is read line by line.
const MAX_TEXT: usize = 2000;

fn lines(trace: &Trace, options: &Options, pen: &mut Pen<'_>) -> io::Result<()> {
    for event in trace.events().filter(|event| options.selects(trace, *event)) {
        pen.put(Ink::Faint, format_args!("{:>14} ", ms(event.ts())))?;
        let peer = event.peer().map_or_else(String::new, |peer| trace.peers().name(peer).into_owned());
        let term = event.term().map_or_else(String::new, |term| format!("t{term}"));
        let task = event.task().map_or_else(String::new, |task| format!("#{}", trace.tasks().name(task)));
        let ink = event.peer().map_or(Ink::Plain, |peer| Ink::Peer(peer.index()));
        pen.put(ink, format_args!("{:<3} {term:<4} {task:<5} ", clip(&peer, 12)))?;
        pen.put(ink, clip(&describe(event), MAX_TEXT))?;
        if let Some(src) = event.src() {
            pen.put(Ink::Faint, format_args!("  {src}"))?;
        }
        pen.end()?;
    }
    Ok(())
}

/// How wide the time stands before the columns.
const STAMP: usize = 15;
/// Narrower columns are unreadable.
const MIN_COLUMN: usize = 16;

fn columns(trace: &Trace, options: &Options, pen: &mut Pen<'_>) -> io::Result<()> {
    let peers: BTreeSet<Option<PeerId>> =
        trace.events().filter(|event| options.selects(trace, *event)).map(Event::peer).collect();
    // What belongs to no peer (the test, the network) has the first column, then the peers follow by their ids.
    let mut peers: Vec<_> = peers.into_iter().collect();
    peers.sort_by_key(|peer| peer.map(|peer| (trace.peers().scope(peer), trace.peers().id(peer))));
    let places: BTreeMap<Option<PeerId>, usize> =
        peers.iter().enumerate().map(|(place, peer)| (*peer, place)).collect();
    let width = (options.width.saturating_sub(STAMP) / places.len().max(1)).max(MIN_COLUMN) - 1;
    pen.plain(format_args!("{:STAMP$}", ""))?;
    for peer in &peers {
        let name = peer.map_or_else(|| "test".to_owned(), |peer| format!("peer {}", trace.peers().name(peer)));
        let name = escape(&name).into_owned();
        pen.put(Ink::Strong, format_args!("{:width$} ", clip(&name, width)))?;
    }
    pen.end()?;
    for event in trace.events().filter(|event| options.selects(trace, *event)) {
        let indent = places.get(&event.peer()).map_or(0, |place| place * (width + 1));
        let ink = event.peer().map_or(Ink::Plain, |peer| Ink::Peer(peer.index()));
        // Escaped first, so that what is counted is what is shown.
        let text = escape(clip(&describe(event), MAX_TEXT).as_ref()).into_owned();
        for (number, line) in cells(&text, width).into_iter().enumerate() {
            let stamp = if number == 0 { ms(event.ts()) } else { String::new() };
            pen.put(Ink::Faint, format_args!("{stamp:>14} "))?;
            pen.put(ink, format_args!("{:indent$}{line}", ""))?;
            pen.end()?;
        }
    }
    Ok(())
}

/// Lines of at most `width` characters; words that are longer are broken as well.
fn cells(text: &str, width: usize) -> Vec<String> {
    let mut cells = Vec::new();
    for line in wrap(text, width) {
        let characters: Vec<char> = line.chars().collect();
        cells.extend(characters.chunks(width).map(|chunk| chunk.iter().collect::<String>()));
    }
    if cells.is_empty() { vec![String::new()] } else { cells }
}

#[derive(Serialize)]
struct LineDto<'r> {
    event: u32,
    ts: u64,
    peer: Option<String>,
    term: Option<u64>,
    task: Option<String>,
    kind: &'r str,
    text: String,
    src: Option<&'r str>,
}

/// Writes the selected events for programs, one JSON object a line.
///
/// # Errors
/// If `out` refuses.
pub fn write_json(trace: &Trace, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    for event in trace.events().filter(|event| options.selects(trace, *event)) {
        let line = LineDto {
            event: event.id().0,
            ts: event.ts(),
            peer: event.peer().map(|peer| trace.peers().id(peer).to_string()),
            term: event.term().map(|term| term.0),
            task: event.task().map(|task| trace.tasks().id(task).to_string()),
            kind: event.kind_name(),
            text: describe(event),
            src: event.src(),
        };
        super::json::write(out, &line)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::trace_from_jsonl;

    fn logged(options: &Options) -> String {
        let trace = trace_from_jsonl(
            r#"
            {"ts":1000000,"peer":0,"term":1,"kind":"log","msg":"asks {to} for a vote","args":{"to":1},"topic":"vote"}
            {"ts":2000000,"peer":1,"term":2,"kind":"log","msg":"drops \u001b[2J everything","args":{},"topic":"log"}
            "#,
        );
        let mut out = Vec::new();
        write(&trace, options, &mut out, Style::Plain).expect("a vector takes all");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn templates_are_rendered_and_made_harmless() {
        let all = logged(&Options::default());
        assert!(all.contains("asks 1 for a vote"), "{all}");
        assert!(all.contains("drops \\u{1b}[2J everything"), "{all}");
    }

    #[test]
    fn filters_leave_the_rest_out() {
        for options in [
            Options { peers: vec!["0".into()], ..Options::default() },
            Options { term: Some(1), ..Options::default() },
            Options { topics: vec!["vote".into()], ..Options::default() },
        ] {
            assert_eq!(logged(&options).lines().count(), 1, "{options:?}");
        }
    }

    #[test]
    fn each_peer_has_a_column() {
        let text = logged(&Options { columns: true, width: 95, ..Options::default() });
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0].trim_end(), format!("{:15}{:40}peer 1", "", "peer 0"), "{text}");
        assert_eq!(lines[1].find("asks"), Some(15), "{text}");
        assert_eq!(lines[2].find("drops"), Some(55), "{text}");
    }
}
