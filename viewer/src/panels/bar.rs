//! The bar above: menus, the files, how far a load is, what the verdict is.

use eframe::egui::containers::menu::MenuBar;
use eframe::egui::{Button, RichText, Spinner, Ui};
use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::model::{EventId, Trace};
use peerscope_analyzer::read::Problem;
use peerscope_analyzer::report::Report;
use peerscope_analyzer::report::escape::{clip, escape};
use peerscope_analyzer::vocabulary::Body;

use crate::colors::Palette;
use crate::command::{Command, NAMED, Named, sign};
use crate::load::Progress;
use crate::state::{Loaded, State, Theme};

/// A longer file name is cut.
const MAX_NAME: usize = 60;
/// A longer reason why a test failed is cut; whoever points at it reads it in full.
const MAX_WHY: usize = 50;
/// So many problems are told to whoever points at their chip; the details of the run tell more.
const MAX_PROBLEMS: usize = 12;

/// The menus: a title, and the names of the commands that stand in it; an empty name is a line between.
const MENUS: &[(&str, &[&str])] = &[
    ("File", &["open", "reload", "", "quit"]),
    (
        "View",
        &[
            "zoom-in",
            "zoom-out",
            "fit",
            "fit-selection",
            "toggle-all-groups",
            "",
            "toggle-findings",
            "toggle-details",
            "toggle-events",
            "toggle-arrows",
            "",
            "next-theme",
        ],
    ),
    (
        "Go",
        &[
            "next-finding",
            "previous-finding",
            "next-witness",
            "previous-witness",
            "",
            "next-on-lane",
            "previous-on-lane",
            "lane-above",
            "lane-below",
            "next-event",
            "previous-event",
            "",
            "pan-left",
            "pan-right",
            "scroll-up",
            "scroll-down",
            "",
            "back",
            "forward",
            "clear-selection",
        ],
    ),
    ("Help", &["toggle-legend", "toggle-help"]),
];

/// Shows it in `ui`; `progress` is that of a load that goes on.
pub fn show(
    ui: &mut Ui,
    state: &State,
    loaded: Option<&Loaded>,
    progress: Option<Progress>,
    commands: &mut Vec<Command>,
) {
    MenuBar::new().ui(ui, |ui| {
        for (title, names) in MENUS {
            ui.menu_button(*title, |ui| menu(ui, names, state, commands));
        }
        ui.separator();
        if let Some(loaded) = loaded {
            let (name, all) = name(loaded);
            ui.label(RichText::new(name).strong()).on_hover_text(all);
            ui.separator();
        }
        if let Some(progress) = progress {
            ui.add(Spinner::new().size(14.0));
            ui.label(doing(progress));
        }
        if let Some(loaded) = loaded {
            chips(ui, loaded, commands);
        }
    });
}

fn menu(ui: &mut Ui, names: &[&str], state: &State, commands: &mut Vec<Command>) {
    for name in names {
        let Some(named) = NAMED.iter().find(|named| named.name == *name) else {
            ui.separator();
            continue;
        };
        let key = named.keys.first().map(|key| sign(key, ui.ctx().os().is_mac())).unwrap_or_default();
        let button = Button::new(title(named, state)).shortcut_text(key).selected(is_on(named, state));
        if ui.add(button).clicked() {
            commands.push(named.command.clone());
            ui.close();
        }
    }
}

/// What the menu calls the command; where it changes one thing into another, with what that is now.
fn title(named: &Named, state: &State) -> String {
    let now = match (&named.command, state.settings.theme) {
        (Command::NextTheme, Theme::System) => "as the system",
        (Command::NextTheme, Theme::Light) => "light",
        (Command::NextTheme, Theme::Dark) => "dark",
        _ => return named.title.to_owned(),
    };
    format!("{}: now {now}", named.title)
}

/// Whether the command shows something that is shown already.
fn is_on(named: &Named, state: &State) -> bool {
    match named.command {
        Command::ToggleFindings => state.settings.findings,
        Command::ToggleDetails => state.settings.details,
        Command::ToggleEvents => state.settings.events,
        Command::ToggleArrows => state.settings.arrows,
        Command::ToggleHelp => state.help,
        Command::ToggleLegend => state.legend,
        _ => false,
    }
}

/// What the files are called: short, and in full.
fn name(loaded: &Loaded) -> (String, String) {
    let all: Vec<String> = loaded.paths.iter().map(|path| escape(&path.to_string_lossy()).into_owned()).collect();
    let first = loaded.paths.first().map(|path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy());
    let first = first.map(|first| clip(&escape(&first), MAX_NAME).into_owned()).unwrap_or_default();
    let short = if all.len() > 1 { format!("{first} and {} more", all.len() - 1) } else { first };
    (short, clip(&all.join("\n"), 2_000).into_owned())
}

/// How far a load is, in words: "reads the files… 40 %".
pub fn doing(progress: Progress) -> String {
    match progress.share {
        Some(share) => format!("{}… {:.0} %", progress.doing, (share * 100.0).clamp(0.0, 100.0)),
        None => format!("{}…", progress.doing),
    }
}

fn chips(ui: &mut Ui, loaded: &Loaded, commands: &mut Vec<Command>) {
    let palette = Palette::of(ui.visuals());
    match &loaded.report {
        None => {
            ui.label(RichText::new(loaded.unjudged()).color(palette.text_weak()));
        }
        Some(report) => {
            let text = RichText::new(verdict(report));
            let text = match report.worst() {
                Some(severity) => text.color(palette.severity(severity)).strong(),
                None => text.color(palette.text()),
            };
            let chip = ui.button(text).on_hover_text("Show the findings and what was not checked");
            if chip.clicked() {
                match loaded.told().first() {
                    Some(first) => commands.push(Command::SelectFinding(first.finding)),
                    None => commands.push(Command::ToggleFindings),
                }
            }
        }
    }
    if let Some(first) = loaded.failed().first() {
        let (text, whole) = failure(loaded.run.trace(), loaded.failed());
        let text = RichText::new(text).color(palette.text_strong()).strong();
        if ui.button(text).on_hover_text(whole).clicked() {
            commands.push(Command::Select(*first));
        }
    }
    let problems = loaded.run.problems();
    if let Some(first) = problems.first() {
        let more = if problems.len() > 1 { format!(" and {} more", problems.len() - 1) } else { String::new() };
        let chip = RichText::new(format!("{}{more}", first.kind.name())).color(palette.severity(Severity::Warning));
        let mut all: Vec<String> = problems.iter().take(MAX_PROBLEMS).map(one_problem).collect();
        if problems.len() > MAX_PROBLEMS {
            all.push(format!("and {} more", problems.len() - MAX_PROBLEMS));
        }
        ui.label(chip).on_hover_text(format!("The trace is not whole.\n{}", all.join("\n")));
    }
}

/// That tests failed: in short, and with the reason in full of the first.
fn failure(trace: &Trace, ends: &[EventId]) -> (String, String) {
    let why = ends.first().and_then(|end| match trace.event(*end).body() {
        Body::TestEnd(body) => body.why,
        _ => None,
    });
    let several = if ends.len() > 1 { format!("{} tests failed", ends.len()) } else { "test failed".into() };
    let of_length = |most: usize| match why {
        Some(why) => format!("{several}: {}", clip(&escape(why), most)),
        None => several.clone(),
    };
    (of_length(MAX_WHY), of_length(1_000))
}

fn one_problem(problem: &Problem) -> String {
    clip(&escape(&format!("{}: {}", problem.kind.name(), problem.detail)), 300).into_owned()
}

/// What a report says, in a few words.
pub fn verdict(report: &Report) -> String {
    let count = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{number} {what}s")),
    };
    let of = |severity: Severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let reasons = report.not_checked().len();
    let gaps = (reasons > 0).then(|| format!("{reasons} not checked"));
    let found = [
        count(of(Severity::Error), "error"),
        count(of(Severity::Warning), "warning"),
        count(of(Severity::Info), "hint"),
    ];
    let found: Vec<String> = found.into_iter().flatten().collect();
    if !found.is_empty() {
        return found.into_iter().chain(gaps).collect::<Vec<_>>().join(", ");
    }
    match gaps {
        Some(gaps) => format!("nothing found, {gaps}"),
        None if report.is_complete() => "clean".into(),
        None => "nothing found, but the trace is not whole".into(),
    }
}

#[cfg(test)]
mod tests {
    use peerscope_analyzer::report::{GapNote, ProblemNote, TraceNote};

    use super::*;

    #[test]
    fn every_name_in_a_menu_is_a_command_and_every_command_is_in_one() {
        let in_menus: Vec<&str> =
            MENUS.iter().flat_map(|(_, names)| *names).copied().filter(|name| !name.is_empty()).collect();
        for named in NAMED {
            assert_eq!(in_menus.iter().filter(|name| **name == named.name).count(), 1, "{}", named.name);
        }
        assert_eq!(in_menus.len(), NAMED.len());
    }

    #[test]
    fn clean_is_said_only_of_what_could_be_looked_at_in_full() {
        let mut report = Report::default();
        assert_eq!(verdict(&report), "clean");
        let torn = ProblemNote { what: "truncated", detail: String::new() };
        report.traces.push(TraceNote { problems: vec![torn], ..TraceNote::default() });
        assert_eq!(verdict(&report), "nothing found, but the trace is not whole");
        let gap = GapNote { detector: "test", why: String::new(), advice: "", peers: Vec::new(), traces: Vec::new() };
        report.gaps = ["a", "b", "b"].map(|why| GapNote { why: why.into(), ..gap.clone() }).into();
        assert_eq!(verdict(&report), "nothing found, 2 not checked");
    }
}
