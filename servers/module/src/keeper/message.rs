//! What keeper and module tell each other: bytes one way, lines the other.

use std::{fmt, str::FromStr};

/// The module asks for SIGTERM to the group.
#[cfg(unix)]
pub(crate) const TERMINATE: u8 = b't';
/// The module asks for SIGKILL to the group.
#[cfg(unix)]
pub(crate) const KILL: u8 = b'k';

/// What the keeper tells, a line each.
#[cfg_attr(not(unix), allow(dead_code, reason = "there are keepers on unix only"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// The program has this process id.
    Started(u32),
    /// The program has ended, and its group with it.
    Ended(Exit),
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Nobody knows: its keeper was killed.
    Unknown,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(id) => write!(f, "started {id}"),
            Self::Ended(Exit::Code(code)) => write!(f, "code {code}"),
            Self::Ended(Exit::Signal(signal)) => write!(f, "signal {signal}"),
            Self::Ended(Exit::Unknown) => f.write_str("ended 0"),
        }
    }
}

impl FromStr for Message {
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        let (word, number) = line.split_once(' ').ok_or(())?;
        let number: i32 = number.parse().map_err(|_| ())?;
        match word {
            "started" => u32::try_from(number).map(Self::Started).map_err(|_| ()),
            "code" => Ok(Self::Ended(Exit::Code(number))),
            "signal" => Ok(Self::Ended(Exit::Signal(number))),
            "ended" => Ok(Self::Ended(Exit::Unknown)),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::Unknown => f.write_str("an unknown end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Exit, Message};

    #[test]
    fn messages_are_read_as_they_are_written() {
        let ends = [Exit::Code(3), Exit::Code(-1), Exit::Signal(9), Exit::Unknown];
        let messages = ends.map(Message::Ended).into_iter().chain([Message::Started(42)]);
        for message in messages {
            assert_eq!(message.to_string().parse(), Ok(message));
        }
        assert_eq!("started".parse::<Message>(), Err(()));
    }
}
