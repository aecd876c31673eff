//! The head of a chunk: writer and reader.

use super::Corrupt;

/// Bytes before a chunk's payload.
pub const CHUNK_HEAD: usize = 64;

const MAGIC: u32 = u32::from_le_bytes(*b"PSck");

/// Offsets of parts of the head, those that change after it was written among them.
pub mod offset {
    /// `number:u32`.
    pub const NUMBER: usize = 8;
    /// `committed:u32`.
    pub const COMMITTED: usize = 48;
    /// `sealed:u32`.
    pub const SEALED: usize = 52;
    /// `payload_crc:u32`.
    pub const PAYLOAD_CRC: usize = 56;
}

/// What a chunk carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkRole {
    /// Records of events.
    Events,
    /// Definitions of strings, shapes, contexts.
    Definitions,
    /// What tasks hold and wait for, see [`super::slot`].
    Tasks,
}

/// The head of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkHead {
    /// What it carries.
    pub role: ChunkRole,
    /// Its place in the file, from 0.
    pub number: u32,
    /// The order in which chunks were taken.
    pub generation: u64,
    /// The time before the first record, in ticks.
    pub base_ticks: u64,
    /// The same moment in ns since the trace's start.
    pub base_ns: u64,
    /// The number of the newest chunk before it that carries no events, if it carries none itself: who wants only those finds
    /// them without a look at the others.
    pub previous: Option<u32>,
    /// Bytes of payload that count.
    pub committed: u32,
    /// The CRC-32 of these bytes, once the chunk is full.
    pub sealed: Option<u32>,
}

impl ChunkHead {
    /// The head as bytes.
    pub fn encode(&self) -> [u8; CHUNK_HEAD] {
        let mut bytes = [0; CHUNK_HEAD];
        let role = match self.role {
            ChunkRole::Events => 1_u32,
            ChunkRole::Definitions => 2,
            ChunkRole::Tasks => 3,
        };
        bytes[0..4].copy_from_slice(&MAGIC.to_le_bytes());
        bytes[4..8].copy_from_slice(&role.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.generation.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.base_ticks.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.base_ns.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.previous.map_or(0, |number| number.saturating_add(1)).to_le_bytes());
        let crc = head_crc(&bytes);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        bytes[48..52].copy_from_slice(&self.committed.to_le_bytes());
        if let Some(crc) = self.sealed {
            bytes[52..56].copy_from_slice(&1_u32.to_le_bytes());
            bytes[56..60].copy_from_slice(&crc.to_le_bytes());
        }
        bytes
    }

    /// Reads a head; `Ok(None)` if the chunk was never used. Its mark is written last: one without it has no head yet.
    pub fn decode(bytes: &[u8; CHUNK_HEAD], chunk_size: u32) -> Result<Option<Self>, Corrupt> {
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
        if u32_at(0) == 0 {
            return Ok(None);
        }
        if u32_at(0) != MAGIC {
            return Err(Corrupt("this is not the head of a chunk"));
        }
        if u32_at(12) != head_crc(bytes) {
            return Err(Corrupt("the head of a chunk does not match its sum"));
        }
        let role = match u32_at(4) {
            1 => ChunkRole::Events,
            2 => ChunkRole::Definitions,
            3 => ChunkRole::Tasks,
            _ => return Err(Corrupt("a chunk has an unknown role")),
        };
        let committed = u32_at(offset::COMMITTED);
        if committed as usize > (chunk_size as usize).saturating_sub(CHUNK_HEAD) {
            return Err(Corrupt("a chunk claims more bytes than it has"));
        }
        Ok(Some(ChunkHead {
            role,
            number: u32_at(8),
            generation: u64_at(16),
            base_ticks: u64_at(24),
            base_ns: u64_at(32),
            previous: u32_at(40).checked_sub(1),
            committed,
            sealed: (u32_at(offset::SEALED) == 1).then(|| u32_at(offset::PAYLOAD_CRC)),
        }))
    }
}

fn head_crc(bytes: &[u8; CHUNK_HEAD]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[0..12]);
    hasher.update(&bytes[16..offset::COMMITTED]);
    hasher.finalize()
}
