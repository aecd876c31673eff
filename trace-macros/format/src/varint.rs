//! LEB128 integers: 7 bits a byte, low bits first, the top bit set on all but the last byte; at most 10 bytes.

use crate::wire::Corrupt;

/// Where encoded bytes go: a `Vec` in an importer, reserved mapped memory in the recorder.
pub trait Sink {
    /// Appends one byte.
    fn put(&mut self, byte: u8);
    /// Appends all of `bytes`.
    fn put_slice(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    #[inline]
    fn put(&mut self, byte: u8) {
        self.push(byte);
    }
    #[inline]
    fn put_slice(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// The most bytes that one integer takes.
pub const MAX_LEN: usize = 10;

/// Appends `value`.
#[inline]
pub fn put_u64(sink: &mut impl Sink, mut value: u64) {
    while value >= 0x80 {
        sink.put((value as u8) | 0x80);
        value >>= 7;
    }
    sink.put(value as u8);
}

/// Folds the sign into the lowest bit, so that small negative numbers stay short.
#[inline]
pub fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The inverse of [`zigzag`].
#[inline]
pub fn unzigzag(value: u64) -> i64 {
    ((value >> 1) as i64) ^ -((value & 1) as i64)
}

/// A place in a byte slice from which values are read, never past its end.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at the first of `bytes`.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Cursor { bytes, at: 0 }
    }

    /// How many bytes have been read.
    #[inline]
    pub fn position(&self) -> usize {
        self.at
    }

    /// Whether all bytes have been read.
    #[inline]
    pub fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The next `len` bytes.
    #[inline]
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Corrupt> {
        let rest = &self.bytes[self.at..];
        if len > rest.len() {
            return Err(Corrupt("a value runs past the end of its chunk"));
        }
        self.at += len;
        Ok(&rest[..len])
    }

    /// The next byte.
    #[inline]
    pub fn byte(&mut self) -> Result<u8, Corrupt> {
        match self.bytes.get(self.at) {
            Some(&byte) => {
                self.at += 1;
                Ok(byte)
            }
            None => Err(Corrupt("a value runs past the end of its chunk")),
        }
    }

    /// The next integer.
    #[inline]
    pub fn u64(&mut self) -> Result<u64, Corrupt> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        self.long_u64(first)
    }

    #[inline]
    fn long_u64(&mut self, first: u8) -> Result<u64, Corrupt> {
        let mut value = u64::from(first & 0x7f);
        let mut shift = 7;
        loop {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                return Err(Corrupt("an integer is longer than 64 bits"));
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
            shift += 7;
        }
    }

    /// The next length-prefixed text.
    #[inline]
    pub fn text(&mut self) -> Result<&'a str, Corrupt> {
        let len = self.u64()?;
        let bytes = self.take(usize::try_from(len).unwrap_or(usize::MAX))?;
        std::str::from_utf8(bytes).map_err(|_| Corrupt("a text is not UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_round_trip() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put_u64(&mut bytes, value);
            assert!(bytes.len() <= MAX_LEN);
            assert_eq!(Cursor::new(&bytes).u64(), Ok(value));
        }
        for value in [0, -1, 1, i64::MIN, i64::MAX] {
            assert_eq!(unzigzag(zigzag(value)), value);
        }
    }

    #[test]
    fn torn_and_overlong_integers_are_refused() {
        assert!(Cursor::new(&[0x80]).u64().is_err());
        assert!(Cursor::new(&[0xff; 10]).u64().is_err());
        assert!(Cursor::new(&[5, b'a']).text().is_err());
        assert!(Cursor::new(&[1, 0xff]).text().is_err());
    }
}
