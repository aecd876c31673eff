//! Tessellated shapes to pixels, by the processor: no window, no display and no graphics driver, so that the same shapes
//! give the same bytes.
//!
//! It does what `egui_glow` has the graphics card do: textured, vertex-coloured triangles, colours premultiplied and blended
//! as they are stored (in gamma space), but no dithering. Edges are decided in whole numbers (1/256 of a pixel), with the
//! top-left rule: a pixel on an edge that two triangles share belongs to exactly one of them.
//!
//! There is a crate for this, `egui_software_backend`; it is bound to egui 0.34.

mod texture;
mod triangle;

use std::collections::HashMap;

use eframe::egui::epaint::Primitive;
use eframe::egui::{ClippedPrimitive, Mesh, Rect, TextureId, TexturesDelta};

use self::texture::Texture;
use self::triangle::{Corner, Triangle};

/// An image: RGBA, 8 bits each, row by row from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// 4 bytes a pixel.
    pub rgba: Vec<u8>,
}

/// Draws into images; keeps the textures (fonts) from frame to frame.
#[derive(Default)]
pub struct Raster {
    textures: HashMap<TextureId, Texture>,
    /// Freed by the last frame, which may still have shown them.
    freed: Vec<TextureId>,
}

/// The pixels that may be drawn on: from `left` and `top` to before `right` and `bottom`.
#[derive(Clone, Copy, Debug)]
struct Clip {
    left: i64,
    top: i64,
    right: i64,
    bottom: i64,
}

impl Raster {
    /// Takes in new textures. The caller clears `delta` then, which must not be dropped otherwise.
    pub fn update(&mut self, delta: &TexturesDelta) {
        for id in self.freed.drain(..) {
            self.textures.remove(&id);
        }
        // The order of textures among each other does not matter; that of one texture's changes does.
        for (id, changes) in &delta.set {
            let texture = self.textures.entry(*id).or_default();
            changes.iter().for_each(|change| texture.change(change));
        }
        self.freed.extend(delta.free.iter().copied());
    }

    /// Draws a frame of this size in pixels. What is not drawn on is black.
    pub fn draw(&self, primitives: &[ClippedPrimitive], pixels_per_point: f32, size: (u32, u32)) -> Image {
        let (width, height) = size;
        let mut rgba = vec![0; width as usize * height as usize * 4];
        rgba.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
        let mut image = Image { width, height, rgba };
        for ClippedPrimitive { clip_rect, primitive } in primitives {
            // The viewer has no callbacks.
            let Primitive::Mesh(mesh) = primitive else { continue };
            let clip = Clip::new(*clip_rect, pixels_per_point, size);
            if clip.left < clip.right && clip.top < clip.bottom {
                self.mesh(&mut image, mesh, clip, pixels_per_point);
            }
        }
        image
    }

    fn mesh(&self, image: &mut Image, mesh: &Mesh, clip: Clip, pixels_per_point: f32) {
        let Some(texture) = self.textures.get(&mesh.texture_id) else { return };
        for corners in mesh.indices.chunks_exact(3) {
            let corner = |index: u32| Corner::new(mesh.vertices.get(index as usize)?, pixels_per_point);
            let (Some(a), Some(b), Some(c)) = (corner(corners[0]), corner(corners[1]), corner(corners[2])) else {
                continue;
            };
            if let Some(triangle) = Triangle::new(a, b, c) {
                triangle.draw(image, clip, texture);
            }
        }
    }
}

impl Clip {
    fn new(rect: Rect, pixels_per_point: f32, (width, height): (u32, u32)) -> Clip {
        // A conversion of floats saturates, and takes what is no number for 0.
        let pixel = |points: f32, most: u32| ((points * pixels_per_point).round() as i64).clamp(0, i64::from(most));
        Clip {
            left: pixel(rect.min.x, width),
            top: pixel(rect.min.y, height),
            right: pixel(rect.max.x, width),
            bottom: pixel(rect.max.y, height),
        }
    }
}

#[cfg(test)]
mod tests;
