//! The slots of a chunk of role 3: for each live task, copies of the records that say what it holds and waits for. They
//! survive the ring and `kill -9`, and who reads them alone learns in milliseconds what a program is stuck in.
//!
//! A slot has a pin for each record that it may keep. A pin is written by one thread at a time, while others may read it:
//! whoever empties it stores 0 as its state; whoever fills it stores the rest and then, with *release*, a state that repeats
//! the end of its time. A reader believes what it has read three times in the same form: between two records time moves on,
//! so that between the first and the last look this record stood there, and it is what the second one saw. (Two looks are
//! not enough: the values of either may be those of a neighbouring record. `trace-macros/loom` shows both.)

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{Ordering, fence};

use super::definition::Kept;
use super::{Corrupt, Records, Tables, put_context, put_head};
use crate::value::Term;

/// Bytes a slot; a chunk's payload has as many as fit.
pub const SLOT: usize = 1216;
/// Where the pins of a slot stand.
pub mod slot_offset {
    /// `more:u32`: holds of the task that found no pin.
    pub const MORE: usize = 0;
    /// The task's first record.
    pub const BEGIN: usize = 64;
    /// What it waits for, [`super::WAITS`] pins; its last record, if it ended while it held something.
    pub const WAITS: usize = 192;
    /// What it holds, and the request that it handles: [`super::HOLDS`] pins.
    pub const HOLDS: usize = 704;
}
/// How many waits a slot keeps: the cases of one select.
pub const WAITS: usize = 4;
/// How many holds a slot keeps.
pub const HOLDS: usize = 8;
/// Bytes of a pin for a hold, and the most that its record's values take.
pub const SHORT_PIN: usize = 64;
/// Bytes of any other pin.
pub const LONG_PIN: usize = 128;
/// Bytes of a pin before its values.
pub const PIN_HEAD: usize = 32;

const _: () = assert!(slot_offset::WAITS == slot_offset::BEGIN + LONG_PIN);
const _: () = assert!(slot_offset::HOLDS == slot_offset::WAITS + WAITS * LONG_PIN);
const _: () = assert!(SLOT == slot_offset::HOLDS + HOLDS * SHORT_PIN);

/// What distinguishes the state of a pin that is full from any number that a damaged empty one is likely to have.
const FULL: u64 = 0xa5 << 8;

/// The state of a pin of a record of that time, whose values have `len` bytes.
#[inline]
pub fn pin_state(len: u8, ticks: u64) -> u64 {
    ticks << 32 | FULL | u64::from(len)
}

/// What the slots of a chunk keep.
#[derive(Default)]
pub(super) struct Found {
    /// Where each record stands in the file, and itself; not yet looked at.
    pub(super) kept: Vec<(u64, Kept)>,
    /// What cannot be read, with its place.
    pub(super) damaged: Vec<(u64, Corrupt)>,
    /// How many holds found no pin.
    pub(super) more: u64,
}

impl Found {
    /// Takes in the slots that stood at `offset` of `file`; other threads may change them meanwhile.
    pub(super) fn take_in(&mut self, file: &mut (impl Read + Seek), offset: u64, slots: &[u8]) -> io::Result<()> {
        let (second, third) = (look(file, offset, slots.len())?, look(file, offset, slots.len())?);
        for (number, slot) in slots.chunks_exact(SLOT).enumerate() {
            for (at, size) in pins() {
                let (here, place) = (number * SLOT + at, offset + (number * SLOT + at) as u64);
                let (one, range) = (&slot[at..at + size], here..here + size);
                let stands_still = one == &second[range.clone()] && one == &third[range];
                match if stands_still { decode(one) } else { decode_again(file, place, size)? } {
                    Ok(found) => self.kept.extend(found.map(|kept| (place, kept))),
                    Err(error) => self.damaged.push((place, error)),
                }
            }
            let [a, b, c, d, ..] = *slot else { continue };
            self.more += u64::from(u32::from_le_bytes([a, b, c, d]));
        }
        Ok(())
    }
}

/// Where the pins of a slot stand, and how long they are.
fn pins() -> impl Iterator<Item = (usize, usize)> {
    let long = (0..=WAITS).map(|number| (slot_offset::BEGIN + number * LONG_PIN, LONG_PIN));
    long.chain((0..HOLDS).map(|number| (slot_offset::HOLDS + number * SHORT_PIN, SHORT_PIN)))
}

/// What stands at `offset` now; zeros where the file has been cut, which is an empty pin.
fn look(file: &mut (impl Read + Seek), offset: u64, len: usize) -> io::Result<Vec<u8>> {
    // What an earlier look has loaded, it has loaded before.
    fence(Ordering::Acquire);
    let mut now = Vec::with_capacity(len);
    file.seek(SeekFrom::Start(offset))?;
    file.by_ref().take(len as u64).read_to_end(&mut now)?;
    now.resize(len, 0);
    Ok(now)
}

/// A pin that was being changed: looks until it has been seen three times in the same form. One that changes all the time stands
/// for what comes and goes, and is left out.
fn decode_again(file: &mut (impl Read + Seek), place: u64, size: usize) -> io::Result<Result<Option<Kept>, Corrupt>> {
    const LOOKS: usize = 64;
    let (mut before, mut same) = (Vec::new(), 0);
    for _ in 0..LOOKS {
        let now = look(file, place, size)?;
        same = if now == before { same + 1 } else { 1 };
        if same == 3 {
            return Ok(decode(&now));
        }
        before = now;
    }
    Ok(Ok(None))
}

/// The record that a pin keeps, as it stands in a chunk behind a control record; `Ok(None)` if the pin is empty.
fn decode(pin: &[u8]) -> Result<Option<Kept>, Corrupt> {
    let word = |at: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&pin[8 * at..8 * at + 8]);
        u64::from_le_bytes(bytes)
    };
    let state = word(0);
    if state == 0 {
        return Ok(None);
    }
    let len = state as u8;
    if state != pin_state(len, word(1)) || usize::from(len) > pin.len() - PIN_HEAD {
        return Err(Corrupt("what is kept of a task contradicts itself"));
    }
    let (ticks, term, ids) = (word(1), word(2), word(3));
    let mut bytes = Vec::with_capacity(usize::from(len) + 24);
    put_context(&mut bytes, ids as u32, term.checked_sub(1).map(Term));
    put_head(&mut bytes, (ids >> 32) as u32, 0);
    bytes.extend_from_slice(&pin[PIN_HEAD..PIN_HEAD + usize::from(len)]);
    Ok(Some(Kept { ticks, bytes: bytes.into() }))
}

/// `kept`, if it is one record and nothing else.
pub(super) fn checked(kept: Kept, tables: &Tables) -> Result<Kept, Corrupt> {
    let mut records = Records::new(&kept.bytes, kept.ticks, tables);
    match records.next() {
        Some(Ok(record)) if record.context.is_some() && record.ticks == kept.ticks && records.is_at_end() => Ok(kept),
        Some(Err(error)) => Err(error),
        _ => Err(Corrupt("what is kept is not one record")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin() -> [u8; SHORT_PIN] {
        let mut bytes = [0; SHORT_PIN];
        for (place, word) in [pin_state(2, 700), 700, 3, 5 << 32 | 1, 0x0201].into_iter().enumerate() {
            bytes[8 * place..8 * place + 8].copy_from_slice(&u64::to_le_bytes(word));
        }
        bytes
    }

    #[test]
    fn a_pin_is_the_record_that_it_keeps() {
        let kept = decode(&pin()).expect("whole").expect("full");
        // Control record: context 1, term 2; record: shape 5, the same time, two bytes of values.
        assert_eq!((kept.ticks, &kept.bytes[..]), (700, &[1, 1, 3, 5, 0, 1, 2][..]));
        assert_eq!(decode(&[0; SHORT_PIN]), Ok(None));
    }

    #[test]
    fn a_flipped_bit_never_empties_a_pin_nor_fills_one() {
        for bit in 0..SHORT_PIN * 8 {
            for mut bytes in [pin(), [0; SHORT_PIN]] {
                let empty = bytes == [0; SHORT_PIN];
                bytes[bit / 8] ^= 1 << (bit % 8);
                match decode(&bytes) {
                    Ok(found) => assert_eq!(found.is_none(), empty, "bit {bit}"),
                    Err(_) => assert!(bit < 96, "bit {bit}: the state or the time that it repeats"),
                }
            }
        }
    }

    /// A file whose pin is another one at each of the first looks.
    struct Changing(u8, io::Cursor<Vec<u8>>);

    impl Read for Changing {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1.read(into)
        }
    }

    impl Seek for Changing {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            if self.0 > 0 {
                self.0 -= 1;
                // Torn: of another time than its state says.
                self.1.get_mut()[slot_offset::HOLDS + 8] = self.0;
            } else {
                self.1.get_mut()[slot_offset::HOLDS..][..SHORT_PIN].copy_from_slice(&pin());
            }
            self.1.seek(to)
        }
    }

    #[test]
    fn a_pin_that_changes_is_looked_at_until_it_stands_still() {
        for (changes, kept) in [(0, 1), (5, 1), (200, 0)] {
            let mut slot = vec![0; SLOT];
            slot[slot_offset::HOLDS..][..SHORT_PIN].copy_from_slice(&pin());
            let mut found = Found::default();
            found.take_in(&mut Changing(changes, io::Cursor::new(slot.clone())), 0, &slot).expect("memory can be read");
            assert_eq!((found.kept.len(), found.damaged.len()), (kept, 0), "{changes} changes");
        }
    }
}
