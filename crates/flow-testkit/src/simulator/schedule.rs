//! What goes wrong while a case is played.

mod disturbance;

use std::fmt;
use std::str::FromStr;

pub(super) use disturbance::Disturbance;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Nothing.
    Undisturbed,
    /// The first process dies right before its store's call of that number is carried out.
    DiesBefore(usize),
    /// The first process dies right after that call was carried out, before it sees the reply.
    DiesAfter(usize),
    /// Whatever that seed draws: calls that fail, are lost or come late, processes that stall, die, leave and come
    /// back, answers and events that come early, twice, wrong or too late, and cancels of any run.
    Random(u64),
}

/// A text that is no schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSchedule;

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undisturbed => f.write_str("undisturbed"),
            Self::DiesBefore(call) => write!(f, "dies-before:{call}"),
            Self::DiesAfter(call) => write!(f, "dies-after:{call}"),
            Self::Random(seed) => write!(f, "random:{seed}"),
        }
    }
}

impl FromStr for Schedule {
    type Err = InvalidSchedule;

    fn from_str(text: &str) -> Result<Self, InvalidSchedule> {
        if text == "undisturbed" {
            return Ok(Self::Undisturbed);
        }
        let (kind, number) = text.split_once(':').ok_or(InvalidSchedule)?;
        let number: u64 = number.parse().map_err(|_| InvalidSchedule)?;
        let call = usize::try_from(number).map_err(|_| InvalidSchedule)?;
        match kind {
            "dies-before" => Ok(Self::DiesBefore(call)),
            "dies-after" => Ok(Self::DiesAfter(call)),
            "random" => Ok(Self::Random(number)),
            _ => Err(InvalidSchedule),
        }
    }
}
