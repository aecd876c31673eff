//! A picture of the viewer as a PNG file, drawn without a window: the same bytes for the same trace and arguments.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use eframe::egui::{Context, RawInput, Rect, Theme as SystemTheme, vec2};

use crate::app::App;
use crate::args::{At, Screenshot};
use crate::raster::{Image, Raster};
use crate::state::{Settings, Theme};

/// The most pixels on a side, and in all: what a texture of egui may have, and what fits into memory several times.
const MOST_SIDE: u32 = 16_384;
const MOST_PIXELS: u64 = 64_000_000;
/// So many frames before the one that is drawn: panels take their sizes, and the view its place, from the frame before.
const PASSES: usize = 8;

/// Opens `traces`, goes to `at`, and writes the picture.
///
/// # Errors
/// If the traces cannot be read, there is nothing at `at`, or the file cannot be written: one line that says so.
pub fn take(traces: Vec<PathBuf>, at: Option<At>, screenshot: &Screenshot) -> Result<(), String> {
    let image = draw(traces, at, screenshot)?;
    write(&screenshot.file, &image).map_err(|error| format!("{}: {error}", screenshot.file.display()))
}

fn draw(traces: Vec<PathBuf>, at: Option<At>, screenshot: &Screenshot) -> Result<Image, String> {
    let (width, height) = screenshot.size;
    let sides = 1..=MOST_SIDE;
    if !sides.contains(&width) || !sides.contains(&height) || u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(format!(
            "a picture of {width}x{height} pixels is not possible: at most {MOST_SIDE} a side, 64 million in all"
        ));
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
            max_texture_side: Some(MOST_SIDE as usize),
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
    let mut name = file.file_name().ok_or_else(|| io::Error::other("not the name of a file"))?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = file.with_file_name(name);
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
    fn what_cannot_be_drawn_is_said_in_one_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("picture.png");
        for size in [(0, 10), (10, 0), (20_000, 10), (16_000, 16_000), (u32::MAX, u32::MAX)] {
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
