//! A picture of the viewer as a PNG file, drawn without a window: the same bytes for the same trace and arguments.

mod target;

use std::fs;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use eframe::egui::{Context, RawInput, Rect, Theme as SystemTheme, vec2};

use peerscope_analyzer::report::escape::escape;

use crate::app::App;
use crate::args::{At, Screenshot};
use crate::raster::{Image, Raster};
use crate::state::{Settings, Theme};

/// How many pixels a picture may have on a side, and the most in all: smaller ones show nothing, larger ones need gigabytes.
pub const SIDES: RangeInclusive<u32> = 100..=10_000;
/// See [`SIDES`].
pub const MOST_PIXELS: u64 = 64_000_000;
/// The most pixels that a side of a texture has.
const MOST_TEXTURE: usize = 16_384;
/// So many frames before the one that is drawn: panels take their sizes, and the view its place, from the frame before.
const PASSES: usize = 8;

/// Opens `traces`, goes to `at`, and writes the picture.
///
/// # Errors
/// If the traces cannot be read, there is nothing at `at`, or the file cannot be written: one line that says so.
pub fn take(traces: Vec<PathBuf>, at: Option<At>, screenshot: &Screenshot) -> Result<(), String> {
    let line = |error: io::Error| format!("{}: {error}", escape(&screenshot.file.to_string_lossy()));
    // Before anything is read: whoever mistook a name should not wait for it.
    let file = target::of(&screenshot.file, &traces).map_err(line)?;
    let image = draw(traces, at, screenshot)?;
    write(&file, &image).map_err(line)
}

/// Whether a picture can have that width and height, in pixels.
pub fn is_possible((width, height): (u32, u32)) -> bool {
    SIDES.contains(&width) && SIDES.contains(&height) && u64::from(width) * u64::from(height) <= MOST_PIXELS
}

/// Which sizes are possible, in words.
pub fn possible() -> String {
    format!("{} to {} pixels a side, {} million in all", SIDES.start(), SIDES.end(), MOST_PIXELS / 1_000_000)
}

fn draw(traces: Vec<PathBuf>, at: Option<At>, screenshot: &Screenshot) -> Result<Image, String> {
    let (width, height) = screenshot.size;
    if !is_possible(screenshot.size) {
        return Err(format!("a picture of {width}x{height} pixels is not possible: {}", possible()));
    }
    let theme = if screenshot.light { Theme::Light } else { Theme::Dark };
    let mut studio = Studio::new(screenshot.size);
    let mut app = App::new(Settings { theme, ..Settings::default() });
    if !traces.is_empty() {
        app.open(&studio.context, traces, at);
    }
    // Frames are counted from when all is there: a slow machine draws the same picture.
    app.finish_loading();
    (0..PASSES).for_each(|_| studio.frame(&mut app));
    if let Some(message) = app.failure() {
        return Err(message.to_owned());
    }
    Ok(studio.picture(&mut app))
}

/// A window's worth of egui, without a window.
struct Studio {
    context: Context,
    raster: Raster,
    size: (u32, u32),
    frames: u32,
}

impl Studio {
    fn new(size: (u32, u32)) -> Studio {
        Studio { context: Context::default(), raster: Raster::default(), size, frames: 0 }
    }

    fn input(&mut self) -> RawInput {
        self.frames += 1;
        RawInput {
            screen_rect: Some(Rect::from_min_size(Default::default(), vec2(self.size.0 as f32, self.size.1 as f32))),
            // Time goes by frames and not by the clock.
            time: Some(f64::from(self.frames) / 60.0),
            max_texture_side: Some(MOST_TEXTURE),
            system_theme: Some(SystemTheme::Dark),
            focused: false,
            ..RawInput::default()
        }
    }

    /// A frame that nobody sees.
    fn frame(&mut self, app: &mut App) {
        let input = self.input();
        let mut output = self.context.run_ui(input, |ui| app.show(ui));
        self.raster.update(&output.textures_delta);
        output.textures_delta.clear();
    }

    fn picture(&mut self, app: &mut App) -> Image {
        let input = self.input();
        let mut output = self.context.run_ui(input, |ui| app.show(ui));
        self.raster.update(&output.textures_delta);
        output.textures_delta.clear();
        let primitives = self.context.tessellate(output.shapes, 1.0);
        self.raster.draw(&primitives, 1.0, self.size)
    }
}

/// Writes it beside `file` first, so that nobody ever sees half a picture.
fn write(file: &Path, image: &Image) -> io::Result<()> {
    // A name of its own: that of the file with something behind it may be longer than names can be.
    let part = file.with_file_name(format!(".peerscope-{}.part", std::process::id()));
    let written = encode(&part, image).and_then(|()| fs::rename(&part, file));
    if written.is_err() {
        // The first error is what matters.
        let _ = fs::remove_file(&part);
    }
    written
}

fn encode(file: &Path, image: &Image) -> io::Result<()> {
    let mut out = io::BufWriter::new(fs::File::create(file)?);
    let mut encoder = png::Encoder::new(&mut out, image.width, image.height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&image.rgba)?;
    writer.finish()?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shot(file: PathBuf, size: (u32, u32)) -> Screenshot {
        Screenshot { file, size, light: false }
    }

    fn trace() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/app/two_leaders.jsonl")
    }

    #[test]
    fn the_same_trace_and_arguments_give_the_same_bytes_and_other_arguments_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let take_as = |name: &str, light: bool, at: Option<At>| {
            let screenshot = Screenshot { light, ..shot(folder.path().join(name), (900, 500)) };
            take(vec![trace()], at, &screenshot).expect("it can be drawn");
            fs::read(&screenshot.file).expect("it was written")
        };
        let first = take_as("1.png", false, None);
        assert!(first == take_as("2.png", false, None), "the bytes differ");
        assert!(first != take_as("3.png", true, None), "light is as dark");
        assert!(first != take_as("4.png", false, Some(At::Event(3))), "the place does not matter");
        let left: Vec<_> = fs::read_dir(folder.path()).expect("it is there").collect();
        assert_eq!(left.len(), 4, "nothing else is left behind: {left:?}");
        let reader = png::Decoder::new(io::Cursor::new(first)).read_info().expect("it is a PNG");
        assert_eq!((reader.info().width, reader.info().height), (900, 500));
    }

    #[test]
    fn a_trace_survives_being_named_as_the_picture_and_long_names_are_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let copy = folder.path().join("copy.jsonl");
        fs::copy(trace(), &copy).expect("copied");
        let error = take(vec![copy.clone()], None, &shot(copy.clone(), (300, 200))).expect_err("it would be gone");
        assert!(error.contains("copy.jsonl") && !error.contains('\n'), "{error}");
        assert_eq!(fs::read(&copy).expect("it is there"), fs::read(trace()).expect("it is there"));
        let long = folder.path().join(format!("{}.png", "p".repeat(251)));
        take(vec![copy], None, &shot(long.clone(), (300, 200))).expect("255 letters are a name");
        assert!(fs::read(long).expect("it was written").starts_with(b"\x89PNG"));
    }

    #[test]
    fn what_cannot_be_drawn_is_said_in_one_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("picture.png");
        for size in [(0, 10), (10, 0), (20_000, 10), (99, 200), (10_001, 200), (9_000, 9_000), (u32::MAX, u32::MAX)] {
            let error = take(vec![trace()], None, &shot(file.clone(), size)).expect_err("that is no size");
            assert!(error.contains(&size.0.to_string()) && !error.contains('\n'), "{error}");
        }
        let missing = folder.path().join("missing.pscope");
        let error = take(vec![missing], None, &shot(file.clone(), (300, 200))).expect_err("there is no trace");
        assert!(error.contains("missing.pscope") && !error.contains('\n'), "{error}");
        let nowhere = folder.path().join("no/such/folder.png");
        let error = take(vec![trace()], None, &shot(nowhere, (300, 200))).expect_err("there is no folder");
        assert!(error.contains("folder.png") && !error.contains('\n'), "{error}");
        let at = Some(At::Finding("no-such/9".to_owned()));
        let error = take(vec![trace()], at, &shot(file.clone(), (300, 200))).expect_err("there is no such finding");
        assert!(error.contains("no-such/9") && !error.contains('\n'), "{error}");
        assert!(!file.exists());
    }
}
