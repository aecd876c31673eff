//! The window's content: a run, its state, and the panels around the timeline.

mod files;
mod fonts;
mod keys;
mod message;
mod places;
mod welcome;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use eframe::egui::{CentralPanel, Context, Frame, Margin, Panel, ThemePreference, Ui, ViewportCommand};
use peerscope_analyzer::model::EventId;
use peerscope_analyzer::report::Report;
use peerscope_analyzer::report::escape::clip;

use self::files::Asking;
use self::message::Message;
use self::places::Places;
use crate::args::At;
use crate::colors;
use crate::command::Command;
use crate::load::{Loading, Step};
use crate::panels::{bar, details, events, findings, help, legend};
use crate::run::Run;
use crate::scene::Scene;
use crate::state::{Effect, Loaded, Settings, State, Theme};
use crate::timeline;
use crate::words;

/// What is to be loaded.
#[derive(Clone, Default)]
struct Attempt {
    paths: Vec<PathBuf>,
    /// Where to go then.
    at: Option<At>,
    /// Whether it is open already, and is read again.
    again: bool,
    /// Whether it was opened: what is left is the check.
    is_open: bool,
}

/// All that a window shows. It knows no window: tests and pictures drive it without one.
pub struct App {
    /// What is visible and selected.
    pub state: State,
    /// The open run.
    pub loaded: Option<Loaded>,
    /// The load that goes on.
    pub loading: Option<Loading>,
    /// What it is to load; after the load, what it was.
    attempt: Attempt,
    /// What could not be loaded, until the user has done with that.
    failed: Option<Attempt>,
    /// The finding that was selected before the run was read again, by its id.
    reselect: Option<String>,
    /// Where to go as soon as that is known.
    at: Option<At>,
    /// Whether a report came that the state has not taken note of.
    is_news: bool,
    message: Option<Message>,
    asking: Option<Asking>,
    wants_dialog: bool,
    dressed: bool,
}

impl App {
    /// A window without a run.
    pub fn new(settings: Settings) -> App {
        App {
            state: State::new(settings),
            loaded: None,
            loading: None,
            attempt: Attempt::default(),
            failed: None,
            reselect: None,
            at: None,
            is_news: false,
            message: None,
            asking: None,
            wants_dialog: false,
            dressed: false,
        }
    }

    /// Begins to open `paths` as one run, and goes to `at` once that is there.
    pub fn open(&mut self, context: &Context, paths: Vec<PathBuf>, at: Option<At>) {
        self.load(context, Attempt { paths, at, ..Attempt::default() });
    }

    /// Whether nothing is on its way: the run is open and judged, or failed, and the view is where it was sent.
    pub fn is_settled(&self) -> bool {
        self.loading.is_none() && self.at.is_none() && !self.is_news
    }

    /// What went wrong, if that is still on the screen: in one line.
    pub fn message(&self) -> Option<&str> {
        self.message.as_ref().map(|message| message.text.as_str())
    }

    /// What was not possible, if that is still on the screen: files that cannot be read, a place that is not there.
    pub fn failure(&self) -> Option<&str> {
        self.message.as_ref().filter(|message| message.is_failure()).map(|message| message.text.as_str())
    }

    /// Whether the user asked for the system's dialog for files since this was last called. Whoever has a window shows it
    /// and gives [`App::chose`] the answer.
    pub fn takes_dialog(&mut self) -> bool {
        std::mem::take(&mut self.wants_dialog)
    }

    /// The answer of the system's dialog; `None` if it was closed, or could not be shown.
    pub fn chose(&mut self, context: &Context, paths: Option<Vec<PathBuf>>) {
        match paths.filter(|paths| !paths.is_empty()) {
            Some(paths) => {
                self.asking = None;
                self.open(context, paths, None);
            }
            None => {
                self.asking.get_or_insert_with(Asking::default).no_dialog();
                context.request_repaint();
            }
        }
    }

    /// Shows it all in `ui`, takes in what the user does, and changes the state accordingly.
    pub fn show(&mut self, ui: &mut Ui) {
        let context = ui.ctx().clone();
        if !self.dressed {
            colors::install(&context);
            fonts::install(&context);
            self.dressed = true;
            // The letters are there from the next frame on; what is drawn before would lack some.
            context.request_repaint();
            return;
        }
        self.set_theme(&context);
        self.poll();
        let mut commands = Vec::new();
        files::dropped(&context, &mut commands);
        if self.asking.is_none() {
            keys::pressed(&context, self.state.help || self.state.legend, &mut commands);
        }
        self.panels(ui, &mut commands);
        files::hovered(&context);
        if self.state.help {
            help::show(&context, &mut commands);
        }
        if self.state.legend {
            legend::show(&context, &mut commands);
        }
        self.ask(&context, &mut commands);
        if !commands.is_empty() {
            for command in &commands {
                self.apply(&context, command);
            }
            context.request_repaint();
        }
        if self.go_to_place() {
            context.request_repaint();
        }
    }

    /// Carries out one command, and what it asks of the program around the state.
    pub fn apply(&mut self, context: &Context, command: &Command) {
        // Who is done with all that is selected is done with the message too: keys alone suffice.
        if *command == Command::ClearSelection {
            (self.message, self.failed) = (None, None);
        }
        match self.state.apply(command, self.loaded.as_ref()) {
            None => {}
            Some(Effect::AskForFiles) => self.asking = Some(Asking::default()),
            Some(Effect::Open(paths)) => self.open(context, paths, None),
            Some(Effect::Quit) => context.send_viewport_cmd(ViewportCommand::Close),
            Some(Effect::Reload) => {
                let open = self.loaded.as_ref().map(|loaded| loaded.paths.clone());
                // Whoever reads again before the check is done still wants to go where `--at` says.
                let at = self.at.clone().filter(|_| self.attempt.is_open);
                let again = || Some(Attempt { paths: open?, at, again: true, ..Attempt::default() });
                if let Some(attempt) = self.failed.take().or_else(again) {
                    self.load(context, attempt);
                }
            }
        }
    }

    fn load(&mut self, context: &Context, attempt: Attempt) {
        let wake = context.clone();
        self.message = None;
        self.failed = None;
        self.is_news = false;
        self.at.clone_from(&attempt.at);
        let attempt = Attempt { is_open: false, ..attempt };
        self.loading = Some(Loading::start(attempt.paths.clone(), move || wake.request_repaint()));
        self.attempt = attempt;
    }

    /// Takes in what the load has come to.
    fn poll(&mut self) {
        while let Some(step) = self.loading.as_mut().and_then(Loading::poll) {
            self.take_in(step);
        }
    }

    /// Waits for the load that goes on, for pictures: what they show must not depend on how long it takes.
    pub fn finish_loading(&mut self) {
        while let Some(step) = self.loading.as_mut().and_then(Loading::wait) {
            self.take_in(step);
        }
    }

    fn take_in(&mut self, step: Step) {
        match step {
            Step::Opened(run, scene, notes) => self.opened(run, *scene, &notes),
            Step::Checked(report) => self.judged(*report),
            Step::Failed(why) => {
                // It may be that only the check failed: then the run is shown, and says that it is not judged.
                self.loading = None;
                if let Some(loaded) = self.loaded.as_mut().filter(|_| self.attempt.is_open) {
                    loaded.give_up();
                }
                self.at = None;
                self.message = Some(Message::failed(&why));
                self.failed = Some(self.attempt.clone());
            }
        }
    }

    fn opened(&mut self, run: Arc<Run>, scene: Scene, notes: &[String]) {
        let loaded = Loaded::new(self.attempt.paths.clone(), run, scene);
        if let Some(before) = self.loaded.as_ref().filter(|_| self.attempt.again) {
            // Whoever reads again before the check is done had selected it before.
            self.reselect = selected(&self.state, before).or(self.reselect.take());
            self.state.reopened(before, &loaded);
        } else {
            self.reselect = None;
            self.state.opened(&loaded);
        }
        self.attempt.is_open = true;
        drop_elsewhere(self.loaded.replace(loaded));
        if !notes.is_empty() {
            self.message = Some(Message::note(&notes.join("; ")));
        }
    }

    fn judged(&mut self, report: Report) {
        self.loading = None;
        let Some(loaded) = &mut self.loaded else { return };
        loaded.judge(report);
        // Whoever asked for a place goes there, not to the first finding.
        if self.at.is_none() {
            self.is_news = true;
        }
    }

    /// Goes where `--at` says, once the run is there and (for a finding) it is judged; else to what a check found. Both
    /// only when the strip has been measured: before, nobody knows what fits on the screen.
    fn go_to_place(&mut self) -> bool {
        let Some(loaded) = self.loaded.as_ref().filter(|_| self.state.strip.1 > 0.0) else { return false };
        if std::mem::take(&mut self.is_news) {
            self.state.judged(loaded, self.reselect.take().as_deref());
            return true;
        }
        let Some(at) = &self.at else { return false };
        let command = match at {
            At::Finding(_) if loaded.report.is_none() => return false,
            At::Finding(id) => finding(loaded, id),
            At::Event(event) => event_of(loaded, *event),
            At::Time(at) => moment_of(loaded, *at),
        };
        self.at = None;
        match command {
            Ok(command) => drop(self.state.apply(&command, self.loaded.as_ref())),
            Err(why) => self.message = Some(Message::refused(&why)),
        }
        true
    }

    fn panels(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let progress = self.loading.as_ref().map(Loading::progress);
        let loaded = self.loaded.as_ref();
        let state = &self.state;
        Panel::top("bar").show(ui, |ui| bar::show(ui, state, loaded, progress, commands));
        if let Some(message) = &self.message {
            let shown = Panel::top("message").show(ui, |ui| message.show(ui, commands)).inner;
            if !shown {
                (self.message, self.failed) = (None, None);
            }
        }
        let Some(loaded) = loaded else {
            CentralPanel::default().show(ui, |ui| welcome::show(ui, progress, commands));
            return;
        };
        let places = Places::of(ui);
        let settings = &state.settings;
        if settings.findings && settings.details && places.is_one_column() {
            whole(places.column(), ui, |ui| {
                whole(places.details_below(), ui, |ui| details::show(ui, state, loaded, commands));
                findings::show(ui, state, loaded, commands);
            });
        } else {
            if settings.findings {
                whole(places.findings(), ui, |ui| findings::show(ui, state, loaded, commands));
            }
            if settings.details {
                whole(places.details(), ui, |ui| details::show(ui, state, loaded, commands));
            }
        }
        if settings.events {
            // The table fills its panel, edge to edge.
            let table = Frame::side_top_panel(ui.style()).inner_margin(Margin::ZERO);
            whole(places.events().frame(table), ui, |ui| events::show(ui, state, loaded, commands));
        }
        let strip = CentralPanel::no_frame().show(ui, |ui| timeline::show(ui, state, loaded, commands)).inner;
        if self.state.measured(strip, loaded) {
            ui.ctx().request_repaint();
        }
    }

    fn ask(&mut self, context: &Context, commands: &mut Vec<Command>) {
        let Some(asking) = &mut self.asking else { return };
        match asking.show(context) {
            files::Answer::None => {}
            files::Answer::Closed => self.asking = None,
            files::Answer::Dialog => self.wants_dialog = true,
            files::Answer::Open(path) => {
                self.asking = None;
                commands.push(Command::Open(vec![path]));
            }
        }
    }

    fn set_theme(&self, context: &Context) {
        let theme = match self.state.settings.theme {
            Theme::System => ThemePreference::System,
            Theme::Light => ThemePreference::Light,
            Theme::Dark => ThemePreference::Dark,
        };
        if context.options(|options| options.theme_preference) != theme {
            context.set_theme(theme);
            context.request_repaint();
        }
    }
}

/// Shows a panel that keeps its size whatever is in it: a short word in an early frame must not make it narrow for good,
/// and a long one not wider than it may be.
fn whole(panel: Panel, ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    panel.show(ui, |ui| {
        let area = ui.available_rect_before_wrap();
        ui.expand_to_include_rect(area);
        content(ui);
    });
}

/// Drops a run away from the thread of the window: one of ten million events takes a tenth of a second. Without a thread
/// for that it is dropped here.
fn drop_elsewhere(run: Option<Loaded>) {
    if let Some(run) = run {
        drop(thread::Builder::new().name("drop".to_owned()).spawn(move || drop(run)));
    }
}

fn event_of(loaded: &Loaded, event: u32) -> Result<Command, String> {
    let len = loaded.run.trace().len();
    if (event as usize) < len {
        Ok(Command::Select(EventId(event)))
    } else {
        Err(format!("there is no event {event}; the trace has {len}, from 0 on"))
    }
}

fn moment_of(loaded: &Loaded, at: i64) -> Result<Command, String> {
    let end = loaded.scene.span.end;
    if at <= end {
        return Ok(Command::Mark(at));
    }
    let words = |ns: i64| words::moment(ns, 1_000.0);
    Err(format!("there is no time {}; the trace ends at {}", words(at), words(end)))
}

/// The id of the selected finding.
fn selected(state: &State, loaded: &Loaded) -> Option<String> {
    loaded.report.as_ref()?.findings.get(state.finding?).map(|finding| finding.id.clone())
}

/// The command that goes to the finding `id`, or a sentence with the ids that there are.
fn finding(loaded: &Loaded, id: &str) -> Result<Command, String> {
    const MOST: usize = 12;
    let shown = clip(id, 80);
    let findings = loaded.report.as_ref().map_or(&[][..], |report| &report.findings);
    if let Some(place) = findings.iter().position(|finding| finding.id == id) {
        return Ok(Command::SelectFinding(place));
    }
    let mut ids: Vec<&str> = findings.iter().take(MOST).map(|finding| finding.id.as_str()).collect();
    if findings.len() > MOST {
        ids.push("…");
    }
    match ids.is_empty() {
        true => Err(format!("there is no finding `{shown}`; nothing was found")),
        false => Err(format!("there is no finding `{shown}`; there are: {}", ids.join(", "))),
    }
}
