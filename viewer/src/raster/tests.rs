//! Tests of the raster: triangles by hand, and the pixels that come of them.

use eframe::egui::epaint::{ImageDelta, Vertex};
use eframe::egui::{Color32, ColorImage, Pos2, TextureOptions, pos2, vec2};

use super::*;

const WHITE: Color32 = Color32::WHITE;

/// A raster whose texture 0 is one white pixel.
fn raster() -> Raster {
    with_texture(ColorImage::filled([1, 1], WHITE))
}

fn with_texture(image: ColorImage) -> Raster {
    let mut raster = Raster::default();
    update(&mut raster, ImageDelta::full(image, TextureOptions::LINEAR));
    raster
}

fn update(raster: &mut Raster, change: ImageDelta) {
    let mut delta = TexturesDelta::default();
    delta.push(TextureId::default(), change);
    raster.update(&delta);
    delta.clear();
}

fn everything() -> Rect {
    Rect::from_min_max(pos2(-1e9, -1e9), pos2(1e9, 1e9))
}

fn mesh(corners: &[Pos2], indices: &[u32], color: Color32) -> Mesh {
    let vertices = corners.iter().map(|pos| Vertex { pos: *pos, uv: Pos2::ZERO, color }).collect();
    Mesh { indices: indices.to_vec(), vertices, texture_id: TextureId::default() }
}

fn quad(rect: Rect, color: Color32) -> Mesh {
    mesh(&[rect.left_top(), rect.right_top(), rect.left_bottom(), rect.right_bottom()], &[0, 1, 2, 2, 1, 3], color)
}

fn draw(raster: &Raster, clip: Rect, meshes: Vec<Mesh>, size: (u32, u32)) -> Image {
    let primitive = |mesh| ClippedPrimitive { clip_rect: clip, primitive: Primitive::Mesh(mesh) };
    raster.draw(&meshes.into_iter().map(primitive).collect::<Vec<_>>(), 1.0, size)
}

/// The red channel, a row a line.
fn reds(image: &Image) -> Vec<Vec<u8>> {
    image
        .rgba
        .chunks_exact(image.width as usize * 4)
        .map(|row| row.chunks_exact(4).map(|pixel| pixel[0]).collect())
        .collect()
}

#[test]
fn a_rectangle_covers_exactly_its_pixels() {
    let rect = Rect::from_min_size(pos2(1.0, 1.0), vec2(3.0, 2.0));
    let image = draw(&raster(), everything(), vec![quad(rect, WHITE)], (5, 4));
    let want = [[0, 0, 0, 0, 0], [0, 255, 255, 255, 0], [0, 255, 255, 255, 0], [0, 0, 0, 0, 0]];
    assert_eq!(reds(&image), want);
    assert!(image.rgba.chunks_exact(4).all(|pixel| pixel[3] == 255), "a picture is opaque");
}

#[test]
fn triangles_that_share_edges_cover_each_pixel_once() {
    // A fan whose centre and rim lie on, between and beside centres of pixels; adding light counts how often.
    let light = Color32::from_rgba_premultiplied(60, 60, 60, 0);
    for (x, y) in [(8.0, 8.0), (7.5, 8.5), (7.3, 9.1)] {
        let rim = [pos2(0.0, 0.0), pos2(8.5, 0.0), pos2(16.0, 0.0), pos2(16.0, 16.0), pos2(5.5, 16.0), pos2(0.0, 16.0)];
        let corners: Vec<Pos2> = std::iter::once(pos2(x, y)).chain(rim).collect();
        let indices: Vec<u32> = (1..=6).flat_map(|at| [0, at, at % 6 + 1]).collect();
        for order in [indices.clone(), indices.iter().rev().copied().collect()] {
            let image = draw(&raster(), everything(), vec![mesh(&corners, &order, light)], (16, 16));
            assert!(reds(&image).iter().flatten().all(|red| *red == 60), "{:?}", reds(&image));
        }
    }
}

#[test]
fn colours_are_blended_as_they_are_stored() {
    let all = Rect::from_min_size(Pos2::ZERO, vec2(1.0, 1.0));
    let half = Color32::from_rgba_premultiplied(128, 0, 0, 128);
    let image = draw(&raster(), everything(), vec![quad(all, WHITE), quad(all, half)], (1, 1));
    assert_eq!(image.rgba, [255, 127, 127, 255]);
}

#[test]
fn nothing_is_drawn_outside_of_the_clip() {
    let rect = Rect::from_min_max(pos2(-50.0, -50.0), pos2(50.0, 50.0));
    let clip = Rect::from_min_max(pos2(1.0, 0.4), pos2(2.4, 2.0));
    let image = draw(&raster(), clip, vec![quad(rect, WHITE)], (4, 3));
    assert_eq!(reds(&image), [[0, 255, 0, 0], [0, 255, 0, 0], [0, 0, 0, 0]]);
}

#[test]
fn a_texture_at_its_own_size_comes_out_as_it_is_and_a_part_of_it_can_change() {
    let gray = |value: u8| Color32::from_gray(value);
    let mut raster = with_texture(ColorImage::new([2, 2], vec![gray(10), gray(20), gray(30), gray(40)]));
    let corners = [(0.0, 0.0), (2.0, 0.0), (0.0, 2.0), (2.0, 2.0)];
    let vertex = |(x, y): (f32, f32)| Vertex { pos: pos2(x, y), uv: pos2(x / 2.0, y / 2.0), color: WHITE };
    let textured = Mesh {
        indices: vec![0, 1, 2, 2, 1, 3],
        vertices: corners.into_iter().map(vertex).collect(),
        texture_id: TextureId::default(),
    };
    assert_eq!(reds(&draw(&raster, everything(), vec![textured.clone()], (2, 2))), [[10, 20], [30, 40]]);
    let part = ColorImage::filled([1, 1], gray(90));
    update(&mut raster, ImageDelta::partial([1, 0], part, TextureOptions::LINEAR));
    assert_eq!(reds(&draw(&raster, everything(), vec![textured.clone()], (2, 2))), [[10, 90], [30, 40]]);
    let outside = ColorImage::filled([4, 4], gray(1));
    update(&mut raster, ImageDelta::partial([1, 1], outside, TextureOptions::LINEAR));
    assert_eq!(reds(&draw(&raster, everything(), vec![textured], (2, 2))), [[10, 90], [30, 1]]);
}

#[test]
fn hostile_meshes_do_no_harm() {
    let nowhere = pos2(f32::NAN, 1.0);
    let far = [pos2(-1e30, -1e30), pos2(f32::INFINITY, 0.0), pos2(0.0, f32::MAX)];
    let bad = vec![
        mesh(&[nowhere, pos2(4.0, 0.0), pos2(0.0, 4.0)], &[0, 1, 2], WHITE),
        mesh(&far, &[0, 1, 2, 2, 1, 0], WHITE),
        mesh(&[Pos2::ZERO], &[0, 1, u32::MAX, 0], WHITE),
        mesh(&[Pos2::ZERO; 3], &[0, 1, 2], WHITE),
        Mesh { texture_id: TextureId::User(7), ..quad(everything(), WHITE) },
    ];
    let image = draw(&raster(), everything(), bad, (8, 8));
    assert_eq!(image.rgba.len(), 8 * 8 * 4);
    let nan = Rect::from_min_max(nowhere, nowhere);
    let _ = draw(&raster(), nan, vec![quad(everything(), WHITE)], (8, 8));
    assert!(draw(&raster(), everything(), vec![quad(everything(), WHITE)], (0, 0)).rgba.is_empty());
}
