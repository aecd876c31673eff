//! A real window on a real (virtual) display: it comes up, it draws, it answers keys. `.ci/run` runs this under Xvfb:
//! `xvfb-run cargo test -p peerscope-viewer --test app -- --ignored`. Needs xdotool and ImageMagick's `import`.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::common::{Folder, TWO_LEADERS_PSCOPE};

/// How long a window may take to do what is waited for; a machine that draws by its processor is slow.
const PATIENCE: Duration = Duration::from_secs(120);

/// The viewer in its window; it is ended with the test, however that ends.
struct Window {
    viewer: Child,
    id: String,
    /// Its traces, its settings and its pictures.
    folder: Folder,
}

impl Window {
    fn open(folder: Folder) -> Window {
        // xvfb-run may start its program before its display can be reached.
        wait_for("the display", || try_run("xdotool", &["getdisplaygeometry"]));
        let trace = folder.file("lab.pscope", TWO_LEADERS_PSCOPE);
        let mut viewer = Command::new(env!("CARGO_BIN_EXE_peerscope-viewer"));
        // Settings of whoever runs the tests must neither matter nor be changed.
        viewer.arg(trace).env("XDG_DATA_HOME", folder.path("data")).env("HOME", folder.path("home"));
        viewer.env_remove("WAYLAND_DISPLAY").env("LIBGL_ALWAYS_SOFTWARE", "1");
        let viewer = viewer.stdin(Stdio::null()).spawn().expect("the viewer starts");
        // From here on the viewer is ended with the test, however that ends.
        let mut window = Window { viewer, id: String::new(), folder };
        let pid = window.viewer.id().to_string();
        window.id = wait_for("a window", || {
            let ended = window.viewer.try_wait().expect("it can be asked");
            assert!(ended.is_none(), "the viewer ended with {ended:?} before it showed a window");
            let ids = try_run("xdotool", &["search", "--onlyvisible", "--pid", &pid])?;
            ids.lines().next().map(str::to_owned)
        });
        window
    }

    /// Closes it by its key and waits until it is gone.
    fn close(mut self) -> Folder {
        self.press("ctrl+q");
        let ended = wait_for("its end after ctrl+q", || self.viewer.try_wait().expect("it can be asked"));
        assert!(ended.success(), "{ended:?}");
        std::mem::replace(&mut self.folder, Folder::new())
    }

    fn press(&self, key: &str) {
        run("xdotool", &["windowfocus", &self.id]);
        run("xdotool", &["key", "--clearmodifiers", key]);
    }

    /// What the display shows, as a PNG file.
    fn picture(&self, name: &str) -> PathBuf {
        // Whoever wants to look at the pictures says where they are to be kept.
        let kept = std::env::var_os("PEERSCOPE_WINDOW_PICTURES").map(PathBuf::from);
        let file = kept.map_or_else(|| self.folder.path(name), |folder| folder.join(name));
        run("import", &["-window", "root", utf8(&file)]);
        file
    }

    /// A picture of more than a blank area, when nothing has changed for some pictures: what changes it next is a key.
    fn picture_when_still(&self, name: &str) -> PathBuf {
        let mut same = 0;
        let mut last = self.picture_when("before.png", "more than a blank area", |picture| colours(picture) > 60);
        wait_for("a window that stands still", || {
            let next = self.picture("next.png");
            same = if difference(&last, &next) == 0.0 { same + 1 } else { 0 };
            last = self.folder.path("last.png");
            std::fs::copy(&next, &last).expect("a picture can be copied");
            (same == 6).then_some(())
        });
        self.picture(name)
    }

    /// A picture for which `is_right` holds, as soon as there is one.
    fn picture_when(&self, name: &str, what: &str, is_right: impl Fn(&Path) -> bool) -> PathBuf {
        wait_for(what, || Some(self.picture(name)).filter(|picture| is_right(picture)))
    }
}

/// What `look` finds, as soon as it finds something.
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "{what} never came");
        thread::sleep(Duration::from_millis(50));
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to do.
        let _ = self.viewer.kill();
        let _ = self.viewer.wait();
    }
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

fn try_run(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn run(program: &str, args: &[&str]) -> String {
    try_run(program, args).unwrap_or_else(|| panic!("{program} {args:?} failed"))
}

/// How many colours a picture has.
fn colours(picture: &Path) -> usize {
    run("identify", &["-format", "%k", utf8(picture)]).parse().expect("identify counts colours")
}

/// How bright a picture is, from 0 to 1.
fn brightness(picture: &Path) -> f64 {
    run("identify", &["-format", "%[fx:mean]", utf8(picture)]).parse().expect("identify gives a mean")
}

/// In how many pixels two pictures differ.
fn difference(one: &Path, other: &Path) -> f64 {
    let output = Command::new("compare").args(["-metric", "AE", utf8(one), utf8(other), "null:"]).output();
    let output = output.expect("compare starts");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let number = text.split_whitespace().next().and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("compare says {text}"))
}

#[test]
#[ignore = "needs a display; .ci/run gives it one"]
fn a_window_comes_up_answers_keys_and_remembers() {
    let window = Window::open(Folder::new());
    let first = window.picture_when_still("first.png");
    window.press("n");
    window.picture_when("second.png", "the next finding", |picture| difference(&first, picture) > 500.0);
    window.press("t");
    let light = window.picture_when("light.png", "a light theme", |picture| brightness(picture) > 0.6);
    let folder = window.close();

    let again = Window::open(folder);
    let remembered = again.picture_when("again.png", "the light theme again", |picture| brightness(picture) > 0.6);
    assert!(colours(&remembered) > 60 && colours(&light) > 60);
    again.press("t");
    let dark = again.picture_when("dark.png", "a dark theme", |picture| brightness(picture) < 0.4);
    assert!(difference(&light, &dark) > 100_000.0);
    again.close();
}
