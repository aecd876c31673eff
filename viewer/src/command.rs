//! Commands: the only way in which the state changes. Keys, menus, the mouse, `--at` and tests all give them.

use std::path::PathBuf;

use eframe::egui::{Key, KeyboardShortcut, ModifierNames, Modifiers};
use peerscope_analyzer::model::EventId;

use crate::timescale::Span;

/// A change of state.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Ask for files and open them.
    AskForFiles,
    /// Open files or folders as one run.
    Open(Vec<PathBuf>),
    /// Read the open files again; or those that were asked for last, if they could not be opened.
    Reload,
    /// Close the window.
    Quit,
    /// Show less time; in the middle, or at the selected event if that is visible.
    ZoomIn,
    /// Show more time.
    ZoomOut,
    /// Show so many times as much time, and keep what is at this moment (ns) where it is.
    ZoomAt {
        /// The moment, in ns.
        at: i64,
        /// More than 1 shows more time, less than 1 less.
        factor: f64,
    },
    /// Show this time.
    Show(Span),
    /// Show earlier time.
    PanLeft,
    /// Show later time.
    PanRight,
    /// Shift the visible time by so many ns.
    PanBy(i64),
    /// Scroll the lanes by so many points; more than 0 is down.
    ScrollBy(f64),
    /// Scroll the lanes up.
    ScrollUp,
    /// Scroll the lanes down.
    ScrollDown,
    /// Show the whole trace.
    Fit,
    /// Frame the selected finding's witnesses, or the selected event's block.
    FitSelection,
    /// Select an event, and bring it into view if it is not.
    Select(EventId),
    /// What a click reached: select `event` on `lane` (a place in the scene), where arrow keys go on; nothing that is visible
    /// moves. A click beside everything has no event: none is selected then, and a finding stays selected.
    Click {
        /// What is there.
        event: Option<EventId>,
        /// The lane on which it was reached, if that is known.
        lane: Option<usize>,
    },
    /// Select the event that is next in the selected one's lane.
    NextOnLane,
    /// Select the event before in the selected one's lane.
    PreviousOnLane,
    /// Select the next event of the trace.
    NextEvent,
    /// Select the event before in the trace.
    PreviousEvent,
    /// Select the nearest event on the lane below.
    LaneBelow,
    /// Select the nearest event on the lane above.
    LaneAbove,
    /// Select a finding (a place in the report) and frame its witnesses.
    SelectFinding(usize),
    /// Select the next finding.
    NextFinding,
    /// Select the finding before.
    PreviousFinding,
    /// Select the next witness of the selected finding.
    NextWitness,
    /// Select the witness before.
    PreviousWitness,
    /// Show this moment (ns) in the middle.
    GoTo(i64),
    /// Show this moment (ns) in the middle, and mark it until something is selected.
    Mark(i64),
    /// Select no event any more; if none is selected, no finding either.
    ClearSelection,
    /// Back to what was visible and selected before.
    Back,
    /// Undo [`Command::Back`].
    Forward,
    /// Show only the heading of a group (a place in the scene), or all of it again.
    ToggleGroup(usize),
    /// Only headings, or all groups again.
    ToggleAllGroups,
    /// Show or hide the findings.
    ToggleFindings,
    /// Show or hide the details.
    ToggleDetails,
    /// Show or hide the table of events.
    ToggleEvents,
    /// Show or hide the arrows of messages.
    ToggleArrows,
    /// Light, dark, as the system says.
    NextTheme,
    /// Show or hide what the picture shows.
    ToggleLegend,
    /// Show or hide the keys.
    ToggleHelp,
}

/// A command that has a name, and so a place in menus and help; most have keys.
pub struct Named {
    /// What it is called where commands are written: `zoom-in`.
    pub name: &'static str,
    /// What menus and help say: "Zoom in".
    pub title: &'static str,
    /// The command.
    pub command: Command,
    /// Its keys.
    pub keys: &'static [KeyboardShortcut],
}

const fn key(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn with(modifiers: Modifiers, key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(modifiers, key)
}

macro_rules! named {
    ($($name:literal $title:literal $command:ident [$($keys:expr),*])+) => {
        &[$(Named { name: $name, title: $title, command: Command::$command, keys: &[$($keys),*] }),+]
    };
}

/// All named commands, in the order of the help.
pub const NAMED: &[Named] = named! {
    "open" "Open…" AskForFiles [with(Modifiers::COMMAND, Key::O)]
    "reload" "Read again" Reload [with(Modifiers::COMMAND, Key::R), key(Key::F5)]
    "quit" "Quit" Quit [with(Modifiers::COMMAND, Key::Q)]
    "zoom-in" "Zoom in" ZoomIn [key(Key::W), key(Key::Plus), key(Key::Equals)]
    "zoom-out" "Zoom out" ZoomOut [key(Key::S), key(Key::Minus)]
    "pan-left" "Earlier" PanLeft [key(Key::A), with(Modifiers::SHIFT, Key::ArrowLeft)]
    "pan-right" "Later" PanRight [key(Key::D), with(Modifiers::SHIFT, Key::ArrowRight)]
    "scroll-up" "Lanes up" ScrollUp [key(Key::PageUp), with(Modifiers::SHIFT, Key::ArrowUp)]
    "scroll-down" "Lanes down" ScrollDown [key(Key::PageDown), with(Modifiers::SHIFT, Key::ArrowDown)]
    "fit" "Show the whole trace" Fit [key(Key::Num0), key(Key::Home)]
    "fit-selection" "Frame what is selected" FitSelection [key(Key::F), key(Key::Enter)]
    "next-finding" "Next finding" NextFinding [key(Key::N)]
    "previous-finding" "Previous finding" PreviousFinding [key(Key::P)]
    "next-witness" "Next witness of the finding" NextWitness [key(Key::Period)]
    "previous-witness" "Previous witness of the finding" PreviousWitness [key(Key::Comma)]
    "next-on-lane" "Next on the lane" NextOnLane [key(Key::ArrowRight)]
    "previous-on-lane" "Previous on the lane" PreviousOnLane [key(Key::ArrowLeft)]
    "lane-above" "Lane above" LaneAbove [key(Key::ArrowUp)]
    "lane-below" "Lane below" LaneBelow [key(Key::ArrowDown)]
    "next-event" "Next event of the trace" NextEvent [key(Key::J)]
    "previous-event" "Previous event of the trace" PreviousEvent [key(Key::K)]
    "back" "Back to where you were" Back [key(Key::Backspace), with(Modifiers::ALT, Key::ArrowLeft)]
    "forward" "Forward again" Forward [with(Modifiers::SHIFT, Key::Backspace), with(Modifiers::ALT, Key::ArrowRight)]
    "clear-selection" "Unselect the event, then the finding" ClearSelection [key(Key::Escape)]
    "toggle-all-groups" "Fold or unfold all peers" ToggleAllGroups [key(Key::G)]
    "toggle-findings" "Findings" ToggleFindings [key(Key::Num1)]
    "toggle-details" "Details" ToggleDetails [key(Key::Num2)]
    "toggle-events" "Events" ToggleEvents [key(Key::Num3)]
    "toggle-arrows" "Messages" ToggleArrows [key(Key::M)]
    "next-theme" "Light, dark, as the system" NextTheme [key(Key::T)]
    "toggle-legend" "What the picture shows" ToggleLegend [key(Key::L)]
    "toggle-help" "Keys" ToggleHelp [key(Key::Questionmark), key(Key::F1)]
};

/// A key as it stands on a keyboard: `?`, `Shift+←`; the signs are in the window's fonts. `is_mac` names the modifiers as
/// that system does.
pub fn sign(key: &KeyboardShortcut, is_mac: bool) -> String {
    let held = ModifierNames::NAMES.format(&key.modifiers, is_mac);
    let sign = match key.logical_key {
        Key::ArrowLeft => "←",
        Key::ArrowRight => "→",
        Key::ArrowUp => "↑",
        Key::ArrowDown => "↓",
        Key::Plus => "+",
        Key::Minus => "−",
        Key::Equals => "=",
        Key::Period => ".",
        Key::Comma => ",",
        Key::Questionmark => "?",
        Key::Escape => "Esc",
        Key::PageUp => "Page ↑",
        Key::PageDown => "Page ↓",
        other => other.name(),
    };
    if held.is_empty() { sign.to_owned() } else { format!("{held}+{sign}") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_kebab_case() {
        let mut names = BTreeSet::new();
        for named in NAMED {
            let kebab = named.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            assert!(kebab && !named.name.starts_with('-') && !named.name.ends_with('-'), "{}", named.name);
            assert!(names.insert(named.name), "{} is there twice", named.name);
            assert!(!named.title.is_empty(), "{} has no title", named.name);
        }
    }

    #[test]
    fn each_key_has_one_meaning_and_tab_stays_free() {
        let mut keys = BTreeSet::new();
        for named in NAMED {
            assert!(!named.keys.is_empty(), "{} cannot be reached by keys", named.name);
            for key in named.keys {
                assert!(keys.insert(format!("{key:?}")), "{key:?} of {} is there twice", named.name);
                assert_ne!(key.logical_key, Key::Tab, "Tab moves the focus");
            }
        }
    }

    #[test]
    fn keys_are_written_as_on_a_keyboard() {
        let first = |name: &str| {
            let named = NAMED.iter().find(|named| named.name == name).expect(name);
            named.keys.iter().map(|key| sign(key, false)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(first("toggle-help"), "? F1");
        assert_eq!(first("zoom-in"), "W + =");
        assert_eq!(first("pan-left"), "A Shift+←");
        assert_eq!(first("open"), "Ctrl+O");
        // Each is another one, and none is named as in a program.
        let all: Vec<String> = NAMED.iter().flat_map(|named| named.keys).map(|key| sign(key, false)).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        for odd in ["Questionmark", "Period", "Comma", "Plus", "Minus", "Equals", "Left", "PageUp"] {
            assert!(!all.iter().any(|sign| sign.contains(odd)), "{odd}");
        }
    }

    #[test]
    fn every_command_without_an_argument_has_a_name() {
        // Debug writes an argument in brackets: these are the commands that have none.
        let source = include_str!("command.rs");
        let body = source.split("pub enum Command {").nth(1).and_then(|rest| rest.split("\n}\n").next());
        let variants = body.expect("the enum is in this file").lines().map(str::trim);
        let unit = variants.filter(|line| line.ends_with(',') && line.chars().all(|c| c.is_alphanumeric() || c == ','));
        let named: BTreeSet<String> = NAMED.iter().map(|named| format!("{:?}", named.command)).collect();
        let all: BTreeSet<String> = unit.map(|line| line.trim_end_matches(',').to_owned()).collect();
        assert_eq!(named, all);
    }
}
