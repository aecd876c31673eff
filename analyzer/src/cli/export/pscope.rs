//! The native form: all that was read, as it was encoded, and what could not be read as `lost` events at the end.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use peerscope_analyzer::read;

use super::{Exporter, Failure, damage};

pub(super) const EXPORTER: Exporter = Exporter { extension: "pscope", write };

fn write(from: &Path, out: &mut BufWriter<File>) -> Result<Vec<String>, Failure> {
    let (mut image, problems) = read::image(from).map_err(|error| Failure::Input(error.to_string()))?;
    let damage = damage::of_image(&image, &problems);
    damage::append(&mut image, &damage).map_err(|error| Failure::Input(error.to_string()))?;
    image.write_to(out)?;
    Ok(problems.iter().map(ToString::to_string).collect())
}
