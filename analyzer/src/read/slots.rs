//! What tasks hold and wait for at this moment, from what recorders keep of that beside the events: as quick for a trace of
//! gigabytes as for a short one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use peerscope_format::wire::{FILE_HEAD, FileHead, Image, ReadError};

use super::progress::Progress;
use super::scan::Scan;
use super::{Error, ProblemKind, Reading};

/// The latest wait, the holds and the first event of each live task of the programs that write `files`, as a trace; `None`
/// if one of these does not keep that, as older recorders do not, or is no native trace. That events were lost, or that
/// there is no end, says nothing here, and is left out.
///
/// # Errors
/// If a file cannot be read.
pub fn slots(files: &[PathBuf]) -> Result<Option<Reading>, Error> {
    let (mut scan, progress) = (Scan::new(), Progress::new());
    for path in files {
        let failed = |error: ReadError| Error { path: path.clone(), detail: format!("cannot be read: {error}") };
        let mut file = File::open(path).map_err(|error| failed(error.into()))?;
        if !keeps_slots(&mut file) {
            return Ok(None);
        }
        let (mut image, mut problems) = Image::read_slots(&mut file).map_err(failed)?;
        let lost = std::mem::take(&mut image.lost_events);
        // What tasks hold is not lost with the events that found no room.
        problems.retain(|problem| lost == 0 || problem.offset != peerscope_format::wire::LOST_EVENTS_OFFSET as u64);
        scan.image(&path.display().to_string(), image, problems, &progress);
    }
    let mut reading = scan.finish(&progress).expect("nobody can stop it");
    reading.problems.retain(|problem| problem.kind != ProblemKind::CutOff);
    Ok(Some(reading))
}

fn keeps_slots(file: &mut File) -> bool {
    let mut head = Vec::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.by_ref().take(FILE_HEAD as u64).read_to_end(&mut head));
    read.is_ok() && FileHead::decode(&head).is_ok_and(|head| head.is_chained)
}
