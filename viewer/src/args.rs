//! What the command line says.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser};
use peerscope_analyzer::report::escape::{clip, escape};
use peerscope_analyzer::report::moment::Moment;

use crate::command::{NAMED, sign};
use crate::screenshot;

/// Where to go once the run is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// To a finding, by its id (`two-leaders-in-term/1`).
    Finding(String),
    /// To an event, by its place in the run's order.
    Event(u32),
    /// To a moment, in ns since the trace's start.
    Time(i64),
}

/// A picture to be drawn into a file, without a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screenshot {
    /// The PNG file.
    pub file: PathBuf,
    /// Width and height, in pixels.
    pub size: (u32, u32),
    /// Light instead of dark.
    pub light: bool,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Args {
    /// Say how it is used, and end well.
    Help,
    /// Say which version it is.
    Version,
    /// Show traces.
    View {
        /// Files and folders, together one run; none: an empty window.
        traces: Vec<PathBuf>,
        /// Where to go.
        at: Option<At>,
        /// Draw a picture instead of a window.
        screenshot: Option<Screenshot>,
    },
}

/// What `--help` says before the keys.
const USAGE: &str = "\
Shows Peerscope traces: peers, terms, RPCs, locks and findings on one timeline.

Usage: peerscope-viewer [TRACE...] [options]

  TRACE                   .pscope and .jsonl files and folders of them, together one run; without one, an empty window
  --at finding:ID         open at this finding: two-leaders-in-term/1
  --at event:N            open at event N, as numbered in reports
  --at time:T             open at time T since the trace's start: 12500ns (default unit), 12.5us, 3ms, 1.5s
  --screenshot FILE.png   draw a picture into a file instead of a window; needs no display
  --size WIDTHxHEIGHT     the picture's size in pixels (default: 1600x900)
  --light                 draw the picture light instead of dark
  -h, --help              this text
  -V, --version           the version
Exit status: 0 if all went well, 2 if it did not; then one line on stderr says why.
";

/// The size of a picture unless another is asked for, in pixels.
const SIZE: (u32, u32) = (1600, 900);

/// Longer arguments are cut where a message quotes them.
const MAX_QUOTE: usize = 80;

/// What `--help` says: the options, and all keys.
pub fn help() -> String {
    let mut text = format!("{USAGE}\nKeys in the window:\n");
    for named in NAMED.iter().filter(|named| !named.keys.is_empty()) {
        let keys: Vec<String> = named.keys.iter().map(|key| sign(key, cfg!(target_os = "macos"))).collect();
        text.push_str(&format!("  {:<28} {}\n", keys.join(", "), named.title));
    }
    text
}

/// Reads the arguments, which do not have the program's name.
///
/// # Errors
/// If they make no sense: one line that says why.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Args, String> {
    let mut parser = Parser::from_args(args);
    let (mut traces, mut at, mut file, mut size, mut light) = (Vec::new(), None, None, None, false);
    while let Some(arg) = parser.next().map_err(line)? {
        match arg {
            Arg::Long("help") | Arg::Short('h') => return Ok(Args::Help),
            Arg::Long("version") | Arg::Short('V') => return Ok(Args::Version),
            Arg::Long("at") => at = Some(place(&text(&mut parser)?)?),
            Arg::Long("screenshot") => file = Some(PathBuf::from(parser.value().map_err(line)?)),
            Arg::Long("size") => size = Some(dimensions(&text(&mut parser)?)?),
            Arg::Long("light") => light = true,
            Arg::Value(path) => traces.push(PathBuf::from(path)),
            unknown => return Err(line(unknown.unexpected())),
        }
    }
    if at.is_some() && traces.is_empty() {
        return Err("`--at` needs a trace".into());
    }
    let screenshot = match file {
        Some(_) if traces.is_empty() => return Err("`--screenshot` needs a trace".into()),
        Some(file) => Some(Screenshot { file, size: size.unwrap_or(SIZE), light }),
        None if size.is_some() || light => return Err("`--size` and `--light` belong to `--screenshot`".into()),
        None => None,
    };
    Ok(Args::View { traces, at, screenshot })
}

/// An error in one line, however odd the argument is that it quotes.
fn line(error: lexopt::Error) -> String {
    escape(&error.to_string()).into_owned()
}

fn text(parser: &mut Parser) -> Result<String, String> {
    parser.value().map_err(line)?.into_string().map_err(|_| "an option's value is not UTF-8".into())
}

fn place(text: &str) -> Result<At, String> {
    if let Some(id) = text.strip_prefix("finding:").filter(|id| !id.is_empty()) {
        return Ok(At::Finding(id.to_owned()));
    }
    // A sign would be read as a part of the number; and the window itself writes µs, with one of two letters.
    let plain = text.replace(['\u{b5}', '\u{3bc}'], "u");
    match plain.parse() {
        Ok(_) if plain.contains('+') => Err(no_place(text)),
        Ok(Moment::Event(event)) => Ok(At::Event(event)),
        Ok(Moment::Time(time)) => Ok(At::Time(i64::try_from(time).unwrap_or(i64::MAX))),
        Err(_) => Err(no_place(text)),
    }
}

fn no_place(text: &str) -> String {
    let shown = clip(&escape(text), MAX_QUOTE).into_owned();
    format!("`{shown}` is no place; give finding:ID, event:N or time:T (time:12.5ms)")
}

/// Reads `WIDTHxHEIGHT`: digits only, no signs, no spaces.
fn dimensions(text: &str) -> Result<(u32, u32), String> {
    let side = |side: &str| {
        let digits = !side.is_empty() && side.len() <= 5 && side.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| side.parse().ok()).flatten().filter(|side| screenshot::SIDES.contains(side))
    };
    let sides = text.split_once('x').and_then(|(width, height)| Some((side(width)?, side(height)?)));
    sides.filter(|size| screenshot::is_possible(*size)).ok_or_else(|| {
        format!("`{}` is no size; give WIDTHxHEIGHT (1600x900): {}", escape(text), screenshot::possible())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Args, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn view(traces: &[&str], at: Option<At>, screenshot: Option<Screenshot>) -> Result<Args, String> {
        Ok(Args::View { traces: traces.iter().map(PathBuf::from).collect(), at, screenshot })
    }

    #[test]
    fn arguments_say_what_to_show() {
        assert_eq!(read(""), view(&[], None, None));
        assert_eq!(read("a.pscope b.jsonl"), view(&["a.pscope", "b.jsonl"], None, None));
        assert_eq!(read("-h"), Ok(Args::Help));
        assert_eq!(read("a.pscope --help"), Ok(Args::Help));
        assert_eq!(read("--version"), Ok(Args::Version));
        assert_eq!(read("a --at finding:x/1"), view(&["a"], Some(At::Finding("x/1".into())), None));
        assert_eq!(read("a --at=event:12"), view(&["a"], Some(At::Event(12)), None));
        assert_eq!(read("a --at time:1.5ms"), view(&["a"], Some(At::Time(1_500_000)), None));
        for micro in ["time:1.5us", "time:1.5µs", "time:1.5\u{3bc}s"] {
            assert_eq!(parse(["a", "--at", micro].map(OsString::from)), view(&["a"], Some(At::Time(1_500)), None));
        }
        let picture = |size, light| Some(Screenshot { file: "p.png".into(), size, light });
        assert_eq!(read("a --screenshot p.png"), view(&["a"], None, picture((1600, 900), false)));
        assert_eq!(read("a --screenshot p.png --size 800x600 --light"), view(&["a"], None, picture((800, 600), true)));
    }

    #[test]
    fn what_makes_no_sense_is_said_in_one_line() {
        let wrong = [
            "--nonsense",
            "a --at",
            "a --at 12",
            "a --at finding:",
            "a --at event:-1",
            "a --at event:+1",
            "a --at time:1h",
            "--at event:1",
            "--screenshot p.png",
            "a --screenshot",
            "a --size 800x600",
            "a --light",
        ];
        for line in wrong {
            let why = read(line).expect_err(line);
            assert!(!why.is_empty() && !why.contains('\n'), "{line}: {why}");
        }
        let long = parse(["a", "--at", &"x".repeat(10_000)].map(OsString::from)).expect_err("no place");
        assert!(long.len() < 200, "{long}");
        let sizes = [
            "",
            "800",
            "800x",
            "x600",
            "800X600",
            "+800x600",
            "800x600x3",
            "0x0",
            "99x600",
            "800x10001",
            "1e3x900",
            "9000x9000",
        ];
        for size in sizes {
            let why = parse(["a", "--screenshot", "p.png", "--size", size].map(OsString::from)).expect_err(size);
            assert!(why.contains("is no size"), "{size}: {why}");
        }
    }

    #[test]
    fn help_names_every_option_and_every_key() {
        let help = help();
        for option in
            ["--at finding:ID", "--at event:N", "--at time:T", "--screenshot", "--size", "--light", "--version"]
        {
            assert!(help.contains(option), "{option}");
        }
        assert!(NAMED.iter().filter(|named| !named.keys.is_empty()).all(|named| help.contains(named.title)));
    }
}
