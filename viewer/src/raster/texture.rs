//! Textures: fonts mostly.

use eframe::egui::epaint::ImageDelta;
use eframe::egui::{Color32, ImageData, TextureFilter};

/// A texture, sampled like the graphics card does it.
#[derive(Debug, Default)]
pub(super) struct Texture {
    width: usize,
    height: usize,
    pixels: Vec<Color32>,
    nearest: bool,
}

impl Texture {
    /// Takes in a new image, or a part of one. Parts that lie outside are left out.
    pub(super) fn change(&mut self, change: &ImageDelta) {
        let ImageData::Color(image) = &change.image;
        let [width, height] = image.size;
        let Some([left, top]) = change.pos else {
            let nearest = change.options.magnification == TextureFilter::Nearest;
            *self = Texture { width, height, pixels: image.pixels.clone(), nearest };
            self.pixels.resize(width.saturating_mul(height), Color32::TRANSPARENT);
            return;
        };
        let columns = width.min(self.width.saturating_sub(left));
        if columns == 0 {
            return;
        }
        for (row, line) in image.pixels.chunks_exact(width).enumerate().take(self.height.saturating_sub(top)) {
            let start = (top + row) * self.width + left;
            self.pixels[start..start + columns].copy_from_slice(&line[..columns]);
        }
    }

    /// The colour at (`u`, `v`), each channel from 0 to 255; outside of 0 to 1 that of the nearest edge.
    pub(super) fn sample(&self, u: f32, v: f32) -> [f32; 4] {
        if self.pixels.is_empty() {
            return [0.0; 4];
        }
        let (x, y) = (u * self.width as f32, v * self.height as f32);
        if self.nearest {
            return self.pixel(x.floor() as i64, y.floor() as i64);
        }
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (share_x, share_y) = (x - left, y - top);
        let (left, top) = (left as i64, top as i64);
        let lerp = |a: [f32; 4], b: [f32; 4], share: f32| {
            std::array::from_fn(|channel| a[channel] + (b[channel] - a[channel]) * share)
        };
        let upper = lerp(self.pixel(left, top), self.pixel(left.saturating_add(1), top), share_x);
        let lower_row = top.saturating_add(1);
        let lower = lerp(self.pixel(left, lower_row), self.pixel(left.saturating_add(1), lower_row), share_x);
        lerp(upper, lower, share_y)
    }

    fn pixel(&self, x: i64, y: i64) -> [f32; 4] {
        let x = x.clamp(0, self.width as i64 - 1) as usize;
        let y = y.clamp(0, self.height as i64 - 1) as usize;
        self.pixels[y * self.width + x].to_array().map(f32::from)
    }
}
