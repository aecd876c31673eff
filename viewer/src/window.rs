//! The window of the system: where it stands, what is remembered of it, and the system's dialog for files.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

use eframe::egui::{Context, Ui, ViewportBuilder, ViewportCommand};
use eframe::{CreationContext, Frame, NativeOptions, Storage};
use peerscope_analyzer::report::escape::{clip, escape};

use crate::app::App;
use crate::args::At;

/// What the system knows the program by; settings are kept in a folder of this name.
const APP_ID: &str = "peerscope-viewer";
/// Under this name the settings are kept.
const SETTINGS: &str = "settings";

/// Shows a window until it is closed.
///
/// # Errors
/// If there is no display, or none that can draw: one line that says so.
pub fn run(traces: Vec<PathBuf>, at: Option<At>) -> Result<(), String> {
    if !has_display() {
        return Err(no_display("neither DISPLAY nor WAYLAND_DISPLAY is set"));
    }
    let viewport = ViewportBuilder::default()
        .with_app_id(APP_ID)
        .with_title(title(&traces))
        .with_inner_size([1440.0, 900.0])
        .with_min_inner_size([640.0, 360.0]);
    let options = NativeOptions { viewport, ..NativeOptions::default() };
    let create = |context: &CreationContext<'_>| {
        let window: Box<dyn eframe::App> = Box::new(Window::new(context, traces, at));
        Ok(window)
    };
    eframe::run_native(APP_ID, options, Box::new(create)).map_err(|error| match error {
        // What the library says of this names its own source files and not the display.
        eframe::Error::WinitEventLoop(_) => no_display(&format!("{} cannot be reached", displays())),
        other => no_display(&other.to_string()),
    })
}

fn no_display(why: &str) -> String {
    format!("no display: {} (--screenshot FILE.png draws a picture without one)", escape(why))
}

/// Whether a window can be asked for at all. Elsewhere than on Unix there always is a display.
fn has_display() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos"))) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// The displays that the environment names: "DISPLAY=:0".
fn displays() -> String {
    let named = |name: &str| Some(format!("{name}={}", std::env::var_os(name)?.to_string_lossy()));
    let all: Vec<String> = ["WAYLAND_DISPLAY", "DISPLAY"].into_iter().filter_map(named).collect();
    if all.is_empty() { "the display".into() } else { clip(&all.join(", "), 200).into_owned() }
}

fn title(traces: &[PathBuf]) -> String {
    match traces.first().and_then(|path| path.file_name()) {
        Some(name) => format!("{} - Peerscope", clip(&escape(&name.to_string_lossy()), 120)),
        None => "Peerscope".into(),
    }
}

struct Window {
    app: App,
    /// The system's dialog, while it is shown.
    dialog: Option<Receiver<Option<Vec<PathBuf>>>>,
    title: String,
}

impl Window {
    fn new(context: &CreationContext<'_>, traces: Vec<PathBuf>, at: Option<At>) -> Window {
        let settings = context.storage.and_then(|storage| eframe::get_value(storage, SETTINGS)).unwrap_or_default();
        let mut app = App::new(settings);
        let title = title(&traces);
        if !traces.is_empty() {
            app.open(&context.egui_ctx, traces, at);
        }
        Window { app, dialog: None, title }
    }

    /// Shows the system's dialog if it is wanted, and takes in its answer.
    fn dialog(&mut self, context: &Context) {
        if self.app.takes_dialog() && self.dialog.is_none() {
            self.dialog = Some(show_dialog(context.clone()));
        }
        let Some(dialog) = &self.dialog else { return };
        let answer = match dialog.try_recv() {
            Err(TryRecvError::Empty) => return,
            Ok(paths) => paths,
            Err(TryRecvError::Disconnected) => None,
        };
        self.dialog = None;
        self.app.chose(context, answer);
    }
}

/// Shows the system's dialog in a thread of its own: it blocks until it is closed, and the window goes on meanwhile.
fn show_dialog(context: Context) -> Receiver<Option<Vec<PathBuf>>> {
    let (answer, answers) = mpsc::channel();
    thread::spawn(move || {
        let dialog = rfd::FileDialog::new().set_title("Open traces, together one run");
        let paths = dialog.add_filter("Peerscope traces", &["pscope", "jsonl"]).pick_files();
        // If nobody waits any more, the window was closed, and so nothing is to be opened.
        let _ = answer.send(paths);
        context.request_repaint();
    });
    answers
}

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut Frame) {
        self.app.show(ui);
        self.dialog(ui.ctx());
        let title = self.app.loaded.as_ref().map_or_else(|| self.title.clone(), |loaded| title(&loaded.paths));
        if title != self.title {
            ui.ctx().send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    fn save(&mut self, storage: &mut dyn Storage) {
        eframe::set_value(storage, SETTINGS, &self.app.state.settings);
    }
}
