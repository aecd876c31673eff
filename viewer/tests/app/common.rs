//! What tests of the viewer share: traces, a folder for them, and a window's content without a window.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use eframe::egui::os::OperatingSystem;
use eframe::egui::{Key, Modifiers};
use egui_kittest::Harness;
use peerscope_viewer::app::App;
use peerscope_viewer::args::At;
use peerscope_viewer::state::Settings;

/// Two leaders in one term since an old vote was counted, and a task that waits for its own lock.
pub(crate) const TWO_LEADERS: &str = include_str!("two_leaders.jsonl");
/// The same, as `peerscope convert` wrote it.
pub(crate) const TWO_LEADERS_PSCOPE: &[u8] = include_bytes!("two_leaders.pscope");
/// A program that does nothing wrong.
pub(crate) const CLEAN: &str = r#"{"peerscope":1,"unit":"ns"}
{"ts":100,"peer":0,"task":1,"kind":"lock.acquire","lock":"state","seq":1}
{"ts":200,"peer":0,"task":1,"kind":"lock.release","lock":"state","seq":1}
{"ts":300,"kind":"process.end","how":"exit 0"}
"#;

/// A folder that is removed when the test is over.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    /// A new one.
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder can be made"))
    }

    /// The path of `name` in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file into it.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("a file can be written");
        path
    }
}

/// The content of a window, driven by what a user would do.
pub(crate) struct Viewer(pub(crate) Harness<'static, App>);

impl Viewer {
    /// An empty window.
    pub(crate) fn empty() -> Viewer {
        Viewer::of_size([1400.0, 900.0])
    }

    /// An empty window of this width and height, in points.
    pub(crate) fn of_size(size: [f32; 2]) -> Viewer {
        let harness = Harness::builder().with_size(size).with_max_steps(64).with_os(OperatingSystem::Nix);
        Viewer(harness.build_ui_state(|ui, app: &mut App| app.show(ui), App::new(Settings::default())))
    }

    /// A window with these traces, when they are there and judged.
    pub(crate) fn open(paths: &[&Path], at: Option<At>) -> Viewer {
        let mut viewer = Viewer::empty();
        viewer.load(paths, at);
        viewer
    }

    /// Opens these traces, and waits until they are there and judged, or refused.
    pub(crate) fn load(&mut self, paths: &[&Path], at: Option<At>) {
        let context = self.0.ctx.clone();
        self.0.state_mut().open(&context, paths.iter().map(|path| path.to_path_buf()).collect(), at);
        self.settle();
    }

    /// Shows frames until nothing is on its way. Loading goes on in threads: this waits for them, not for a time.
    pub(crate) fn settle(&mut self) {
        for _ in 0..60_000 {
            self.0.step();
            if self.0.state().is_settled() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(self.0.state().is_settled(), "the load never ends");
        self.0.run_ok();
    }

    /// Presses and releases a key, and shows what comes of it.
    pub(crate) fn press(&mut self, key: Key) {
        self.0.key_press(key);
        self.0.run_ok();
    }

    /// The same with modifiers held.
    pub(crate) fn press_with(&mut self, modifiers: Modifiers, key: Key) {
        self.0.key_press_modifiers(modifiers, key);
        self.0.run_ok();
    }

    /// What is open, selected and visible.
    pub(crate) fn app(&self) -> &App {
        self.0.state()
    }
}
