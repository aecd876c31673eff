//! The window's content: a run, its state, and the panels around the timeline.

mod files;
mod fonts;
mod keys;
mod message;
mod welcome;

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{CentralPanel, Context, Panel, ThemePreference, Ui, ViewportCommand};
use peerscope_analyzer::model::EventId;
use peerscope_analyzer::report::Report;

use self::files::Asking;
use self::message::Message;
use crate::args::At;
use crate::colors;
use crate::command::Command;
use crate::load::{Loading, Step};
use crate::panels::{bar, details, events, findings, help};
use crate::run::Run;
use crate::scene::Scene;
use crate::state::{Effect, Loaded, Settings, State, Theme};
use crate::timeline;

/// All that a window shows. It knows no window: tests and pictures drive it without one.
pub struct App {
    /// What is visible and selected.
    pub state: State,
    /// The open run.
    pub loaded: Option<Loaded>,
    /// The load that goes on.
    pub loading: Option<Loading>,
    /// Its files.
    paths: Vec<PathBuf>,
    /// Whether it reads again what is open.
    again: bool,
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
            paths: Vec::new(),
            again: false,
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
        self.again = false;
        self.reselect = None;
        self.at = at;
        self.load(context, paths);
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
            keys::pressed(&context, self.state.help, &mut commands);
        }
        self.panels(ui, &mut commands);
        files::hovered(&context);
        if self.state.help {
            help::show(&context, &mut commands);
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
        match self.state.apply(command, self.loaded.as_ref()) {
            None => {}
            Some(Effect::AskForFiles) => self.asking = Some(Asking::default()),
            Some(Effect::Open(paths)) => self.open(context, paths, None),
            Some(Effect::Quit) => context.send_viewport_cmd(ViewportCommand::Close),
            Some(Effect::Reload) => {
                let Some(loaded) = &self.loaded else { return };
                let report = loaded.report.as_ref();
                let finding = self.state.finding.and_then(|finding| report?.findings.get(finding));
                self.reselect = finding.map(|finding| finding.id.clone());
                self.again = true;
                self.at = None;
                self.load(context, loaded.paths.clone());
            }
        }
    }

    fn load(&mut self, context: &Context, paths: Vec<PathBuf>) {
        let wake = context.clone();
        self.message = None;
        self.paths.clone_from(&paths);
        self.loading = Some(Loading::start(paths, move || wake.request_repaint()));
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
                self.loading = None;
                self.at = None;
                self.message = Some(Message::failed(&why, self.paths.clone()));
            }
        }
    }

    fn opened(&mut self, run: Arc<Run>, scene: Scene, notes: &[String]) {
        let loaded = Loaded { paths: self.paths.clone(), run, scene, report: None };
        if self.again {
            self.state.reopened(&loaded);
        } else {
            self.state.opened(&loaded);
        }
        self.loaded = Some(loaded);
        if !notes.is_empty() {
            self.message = Some(Message::note(&notes.join("; ")));
        }
    }

    fn judged(&mut self, report: Report) {
        self.loading = None;
        let Some(loaded) = &mut self.loaded else { return };
        loaded.scene.mark(loaded.run.trace(), &report);
        loaded.report = Some(report);
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
            At::Time(at) => Ok(Command::GoTo(*at)),
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
                self.message = None;
            }
        }
        let Some(loaded) = loaded else {
            CentralPanel::default().show(ui, |ui| welcome::show(ui, progress, commands));
            return;
        };
        if state.settings.findings {
            let panel = Panel::left("findings").default_size(300.0).min_size(180.0);
            whole(panel, ui, |ui| findings::show(ui, state, loaded, commands));
        }
        if state.settings.details {
            let panel = Panel::right("details").default_size(320.0).min_size(180.0);
            whole(panel, ui, |ui| details::show(ui, state, loaded, commands));
        }
        if state.settings.events {
            let panel = Panel::bottom("events").resizable(true).default_size(220.0).min_size(80.0);
            whole(panel, ui, |ui| events::show(ui, state, loaded, commands));
        }
        let strip = CentralPanel::no_frame().show(ui, |ui| timeline::show(ui, state, loaded, commands)).inner;
        self.state.measured(strip);
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

/// Shows a panel that keeps its size whatever is in it: a short word in an early frame must not make it narrow for good.
fn whole(panel: Panel, ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    panel.show(ui, |ui| {
        ui.take_available_space();
        content(ui);
    });
}

fn event_of(loaded: &Loaded, event: u32) -> Result<Command, String> {
    let len = loaded.run.trace().len();
    if (event as usize) < len {
        Ok(Command::Select(EventId(event)))
    } else {
        Err(format!("there is no event {event}; the trace has {len}, from 0 on"))
    }
}

/// The command that goes to the finding `id`, or a sentence with the ids that there are.
fn finding(loaded: &Loaded, id: &str) -> Result<Command, String> {
    const MOST: usize = 12;
    let findings = loaded.report.as_ref().map_or(&[][..], |report| &report.findings);
    if let Some(place) = findings.iter().position(|finding| finding.id == id) {
        return Ok(Command::SelectFinding(place));
    }
    let mut ids: Vec<&str> = findings.iter().take(MOST).map(|finding| finding.id.as_str()).collect();
    if findings.len() > MOST {
        ids.push("…");
    }
    match ids.is_empty() {
        true => Err(format!("there is no finding `{id}`; nothing was found")),
        false => Err(format!("there is no finding `{id}`; there are: {}", ids.join(", "))),
    }
}
