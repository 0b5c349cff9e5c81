//! What system and processor a file is built for.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// How much of a file is looked at: the headers come first.
const HEAD: u64 = 4096;

/// What a library or program is built for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Machine {
    /// ELF: class, byte order, processor.
    Elf([u8; 2], [u8; 2]),
    /// Windows: processor.
    Pe([u8; 2]),
    /// Another format, by its first word: on macOS that says what it is for.
    Other([u8; 4]),
}

impl Machine {
    /// That of a file.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut head = Vec::new();
        File::open(path)?.take(HEAD).read_to_end(&mut head)?;
        Ok(Self::parse(&head))
    }

    fn parse(head: &[u8]) -> Self {
        let pair = |at: usize| head.get(at..at + 2).and_then(|pair| pair.try_into().ok()).unwrap_or_default();
        let word = |at: usize| head.get(at..at + 4).and_then(|word| word.try_into().ok()).unwrap_or_default();
        if head.starts_with(b"\x7fELF") {
            return Self::Elf(pair(4), pair(18));
        }
        let pe = u32::from_le_bytes(word(0x3c)) as usize;
        if head.starts_with(b"MZ") && word(pe) == *b"PE\0\0" {
            return Self::Pe(pair(pe + 4));
        }
        Self::Other(word(0))
    }
}

#[cfg(test)]
mod tests {
    use super::Machine;

    #[test]
    #[cfg_attr(miri, ignore = "it reads the file of this program, of which an interpreter knows nothing")]
    fn formats_and_processors_are_told_apart() {
        let own = Machine::of(&std::env::current_exe().unwrap()).unwrap();
        assert!(cfg!(not(any(target_os = "linux", windows))) || !matches!(own, Machine::Other(_)), "{own:?}");
        let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
        elf.resize(18, 0);
        elf.extend([0xb7, 0]);
        assert_eq!(Machine::parse(&elf), Machine::Elf([2, 1], [0xb7, 0]));
        let mut pe = b"MZ".to_vec();
        pe.resize(0x3c, 0);
        pe.extend(0x40u32.to_le_bytes());
        pe.extend(b"PE\0\0\x64\x86");
        assert_eq!(Machine::parse(&pe), Machine::Pe([0x64, 0x86]));
        assert_eq!(Machine::parse(b"hi"), Machine::Other([0; 4]));
    }
}
