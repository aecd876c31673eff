//! How traces are damaged: blindly, and with a knowledge of the format where sums would otherwise catch all of it.

use peerscope_format::wire::{CHUNK_HEAD, ChunkHead, ChunkRole, FILE_HEAD, FileHead, Overwritten, chunk_offset};

/// Numbers that follow from a seed (xorshift).
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        // Neighbouring seeds shall have nothing in common, and none may be 0.
        Random((seed.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`; 0 if that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

/// Bytes that mean something somewhere: ends of ranges, and of varints.
const TELLING: &[&[u8]] = &[
    &[0],
    &[1],
    &[0x7f],
    &[0x80],
    &[0xff],
    &[0xff; 4],
    &[0xff; 8],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    &[0x80; 12],
    &[0, 0, 0, 0x80],
];

/// A trace file in its wire form, damaged.
pub(crate) fn file(whole: &[u8], other: &[u8], chunk_size: usize, random: &mut Random) -> Vec<u8> {
    let mut file = fewer_chunks(whole, chunk_size, random);
    if random.one_in(8) {
        let from = other.len() / chunk_size;
        swap_chunk(&mut file, other, (random.below(from), random.below(from)), chunk_size);
    }
    let chunks = chunks(&file, chunk_size);
    // Without their sums, so that damage reaches what reads the records.
    if !random.one_in(8) {
        for &start in &chunks {
            file[start + chunk_offset::SEALED..][..4].fill(0);
        }
    }
    for _ in 0..=random.below(6) {
        let Some(&start) = chunks.get(random.below(chunks.len())) else { break };
        match random.below(12) {
            // Anywhere, heads included.
            0 => damage(&mut file, 0, random),
            1 => reword_head(&mut file, start, random),
            2 => {
                let committed = random.below(chunk_size) as u32;
                file[start + chunk_offset::COMMITTED..][..4].copy_from_slice(&committed.to_le_bytes());
            }
            _ => {
                let end = start + CHUNK_HEAD + committed(&file, start).min(chunk_size - CHUNK_HEAD);
                let end = end.min(file.len());
                damage(&mut file[..end], start + CHUNK_HEAD, random);
            }
        }
    }
    if random.one_in(4) {
        claim_ring(&mut file, random);
    }
    if random.one_in(16) {
        file.truncate(random.below(file.len()));
    }
    file
}

/// A trace in JSON Lines, damaged.
pub(crate) fn text(whole: &[u8], random: &mut Random) -> Vec<u8> {
    let header = whole.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    // Some lines from somewhere, behind the header.
    let start = header + random.below(whole.len() - header);
    let end = (start + 200 + random.below(20_000)).min(whole.len());
    let mut text = whole[..header].to_vec();
    text.extend_from_slice(&whole[start..end]);
    for _ in 0..=random.below(8) {
        let first = if random.one_in(16) { 0 } else { header };
        damage(&mut text, first, random);
    }
    text
}

/// Changes some bytes from `first` on.
fn damage(bytes: &mut [u8], first: usize, random: &mut Random) {
    let room = bytes.len().saturating_sub(first);
    if room == 0 {
        return;
    }
    let mut at = first + random.below(room);
    if random.one_in(2) {
        // What is sparse, as slots are, is worth a hit where there is something.
        at = (at..bytes.len()).find(|at| bytes[*at] != 0).unwrap_or(at);
    }
    match random.below(4) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.next() as u8,
        2 => {
            let telling = TELLING[random.below(TELLING.len())];
            let len = telling.len().min(bytes.len() - at);
            bytes[at..at + len].copy_from_slice(&telling[..len]);
        }
        _ => {
            // A piece from elsewhere, most often of the length of a record or a field.
            let from = first + random.below(room);
            let len = random.below(60).min(bytes.len() - at.max(from));
            bytes.copy_within(from..from + len, at);
        }
    }
}

/// The head of the file and some of its chunks, so that many executions fit into a second.
fn fewer_chunks(whole: &[u8], chunk_size: usize, random: &mut Random) -> Vec<u8> {
    let mut file = whole[..FILE_HEAD.min(whole.len())].to_vec();
    let chunks = whole.get(FILE_HEAD..).unwrap_or_default().chunks(chunk_size);
    let events = |chunk: &[u8]| chunk.get(4) == Some(&1);
    let count = chunks.clone().filter(|chunk| events(chunk)).count();
    for chunk in chunks {
        // What carries definitions stays as a rule: without them nothing else is reached.
        if if events(chunk) { random.below(count) < 3 } else { !random.one_in(32) } {
            file.extend_from_slice(chunk);
        }
    }
    file
}

fn swap_chunk(file: &mut [u8], other: &[u8], (to, from): (usize, usize), chunk_size: usize) {
    let place = |number: usize| FILE_HEAD + number * chunk_size..FILE_HEAD + (number + 1) * chunk_size;
    if let (Some(to), Some(from)) = (file.get_mut(place(to)), other.get(place(from))) {
        to.copy_from_slice(from);
    }
}

/// Where chunks with a head begin.
fn chunks(file: &[u8], chunk_size: usize) -> Vec<usize> {
    let starts = (FILE_HEAD..file.len().saturating_sub(CHUNK_HEAD)).step_by(chunk_size);
    starts.filter(|start| file[*start] != 0).collect()
}

fn committed(file: &[u8], start: usize) -> usize {
    let at = start + chunk_offset::COMMITTED;
    u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]) as usize
}

/// Says that the oldest events were overwritten, up to a time that may be any.
fn claim_ring(file: &mut [u8], random: &mut Random) {
    let Ok(mut head) = FileHead::decode(file) else { return };
    let number = |random: &mut Random| random.next() >> random.below(64);
    head.overwritten = Overwritten { events: number(random), bytes: number(random), until: number(random) };
    file[..FILE_HEAD].copy_from_slice(&head.encode());
}

/// Gives a chunk another head, whose sum is right.
fn reword_head(file: &mut [u8], start: usize, random: &mut Random) {
    let Ok(bytes) = <[u8; CHUNK_HEAD]>::try_from(&file[start..start + CHUNK_HEAD]) else { return };
    let Ok(Some(mut head)) = ChunkHead::decode(&bytes, u32::MAX) else { return };
    match random.below(5) {
        0 => head.number = random.next() as u32,
        1 => head.generation = random.next() >> random.below(64),
        2 => head.base_ticks = random.next() >> random.below(64),
        3 => head.previous = Some(random.below(8) as u32),
        _ => head.role = [head.role, ChunkRole::Tasks][random.below(2)],
    }
    file[start..start + CHUNK_HEAD].copy_from_slice(&head.encode());
}
